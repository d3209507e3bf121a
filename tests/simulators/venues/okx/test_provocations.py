"""Each way in which the venue shows trouble, in each profile that has it: armed, and met by what follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest
from tests.simulators.venues.support.levers import cases as cases_of
from tests.simulators.venues.support.levers import provoke

from venueproof_simulators.engine.commands import AddLiquidity, FillOrder
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.controls import DropManner
from venueproof_simulators.host.provoking import Provocation
from venueproof_simulators.host.rules import AnswerVenueError
from venueproof_simulators.host.venue import Profile, Provoked

from .client import COIN, SWAP, Client, algo, order

SYMBOLS = {"BTC/USDT:USDT": SWAP, "BTC/USD:BTC": COIN}


def cases(*kinds: str) -> list[Any]:
    """Each provocation of some kinds, in each profile that has it, for each product."""
    return cases_of("okx", *kinds, symbols=tuple(SYMBOLS))


def words_of(client: Client, code: str) -> set[str]:
    """The neutral reasons of the rows with a code."""
    return {row.reason for row in client.venue.desk.errors.rows if row.code == code}


def intended(provoked: Provoked, instrument: str) -> dict[str, object]:
    """What an adapter would send for the patched intent."""
    patch = provoked.intent
    return order(instId=instrument, px=str(patch.get("price", "58800")), sz=str(patch.get("amount", "4")))


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("order.reject", "error.inside-success"))
def test_the_venue_itself_refuses_what_is_intended(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, symbol)
    code = client.row_code("trade/order", intended(provoked, SYMBOLS[symbol]))
    assert provoked.reason in words_of(client, code)
    assert client.ask("trade/orders-pending") == []


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("conditional.reject"))
def test_the_venue_itself_refuses_the_conditional_order(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, symbol)
    trigger = cast(dict[str, Any], provoked.intent["trigger"])
    sent = algo(instId=SYMBOLS[symbol], slTriggerPx=str(trigger.get("price", "58000")))
    if trigger["kind"] == "trailing":
        ratio = trigger["offset"] / 100
        sent = algo(instId=SYMBOLS[symbol], ordType="move_order_stop", callbackRatio=str(ratio), slTriggerPx=None)
    assert provoked.reason in words_of(client, client.row_code("trade/order-algo", sent))


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("order.end-without-event"))
def test_an_order_ends_and_the_rule_meets_the_only_message_of_it(
    one: Provocation, profile: Profile, symbol: str
) -> None:
    client = Client(profile)
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP")
    order_id = client.place(instId=SYMBOLS[symbol])
    client.messages.clear()
    levers, _ = provoke(one, client, symbol)
    assert client.order(order_id, SYMBOLS[symbol])["state"] == "canceled"
    assert [levers.meets(message) for message in client.messages if message.topic == "order"] == [True]


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("fill.duplicate", "fill.delayed"))
def test_a_rule_meets_exactly_the_next_fill_of_the_channel_of_orders(
    one: Provocation, profile: Profile, symbol: str
) -> None:
    client = Client(profile)
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP")
    client.place(instId=SYMBOLS[symbol], sz="4")
    levers, _ = provoke(one, client, symbol)
    client.messages.clear()
    for _ in range(2):
        client.command(FillOrder(SYMBOLS[symbol], 1, 1))
    assert [levers.meets(message) for message in client.messages if message.label == "orders"] == [True, False]


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("amend.refused", "reply.unknown", "clock.late"))
def test_a_rule_answers_with_a_row_of_the_table(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    levers, provoked = provoke(one, client, symbol)
    [rule] = levers.rules
    assert isinstance(rule.fate, AnswerVenueError)
    row = client.venue.desk.errors.row(rule.fate.error)
    assert rule.match.operation == ("amend" if one.kind == "amend.refused" else provoked.operation)
    assert provoked.reason in ("", row.reason)


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("rate.throttle"))
def test_too_many_is_told_for_as_long_as_the_case_says(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, symbol)
    assert client.refused("POST", "trade/order", order()) == (429, "50011")
    assert client.public("public/time")[0] == (200 if provoked.operation else 429)
    client.wait(float(provoked.settles_s))
    client.place()


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("account.restricted"))
def test_a_restricted_account_is_refused_everything_private(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    provoke(one, client, symbol)
    assert client.refused("GET", "account/positions")[1] in {"50027", "50110"}
    status, document = client.signed("POST", "trade/order", order())
    assert (status, document["code"]) in {(200, "1"), (401, "50110")}


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("setting.refused", "mode.refused"))
def test_a_setting_is_refused_with_the_reason(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, symbol)
    path, sent = "account/set-position-mode", {"posMode": "long_short_mode"}
    if provoked.leverage is not None:
        path = "account/set-leverage"
        sent = {"instId": SYMBOLS[symbol], "mgnMode": "cross", "lever": str(provoked.leverage)}
    status, code = client.refused("POST", path, sent)
    assert status == 200
    assert provoked.reason in words_of(client, code)


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("stream.drop"))
def test_every_connection_ends(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    client.login()
    levers, provoked = provoke(one, client, symbol)
    client.collect()
    if not levers.drops:
        for _ in range(4):
            client.wait(15)
            client.send(1, "ping")
    assert levers.drops == [DropManner.RESET] or [one.code for one in client.closed] == [1001]
    assert provoked.settles_s in (Decimal(0), Decimal(60))


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("stream.silent-death"))
def test_the_accounts_connection_falls_silent_and_a_new_one_does_not(
    one: Provocation, profile: Profile, symbol: str
) -> None:
    client = Client(profile)
    old = client.login()
    client.subscribe(old, "orders", instType="SWAP")
    provoke(one, client, symbol)
    new = client.login()
    client.subscribe(new, "orders", instType="SWAP")
    client.heard = {number: [] for number in client.heard}
    client.place()
    assert (len(client.take(old)), len(client.take(new))) == (0, 1)


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("book.gap"))
def test_the_next_change_of_the_book_is_met(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    session = client.open("public")
    client.subscribe(session, "books", instId=SYMBOLS[symbol])
    levers, _ = provoke(one, client, symbol)
    client.messages.clear()
    for price in (590_000, 590_001):
        client.command(AddLiquidity(SYMBOLS[symbol], Side.BUY, price, 5))
        client.wait(0.2)
    assert [levers.meets(message) for message in client.messages] == [True, False]


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("order.forgotten"))
def test_what_ended_without_a_fill_is_forgotten(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    order_id = client.place(instId=SYMBOLS[symbol])
    client.post("trade/cancel-order", {"instId": SYMBOLS[symbol], "ordId": order_id})
    provoke(one, client, symbol)
    assert client.refused("GET", "trade/order", {"instId": SYMBOLS[symbol], "ordId": order_id})[1] == "51603"


def test_the_same_story_gives_the_same_bytes() -> None:
    def story() -> list[str]:
        client = Client(seed=11)
        session = client.login()
        for channel in ("orders", "account", "positions"):
            client.subscribe(session, channel, instType="ANY")
        client.place(sz="2")
        client.algo()
        client.market(instId=COIN, sz="7")
        client.move("57500")
        client.wait(7)
        told = [str(message.payload) for message in client.messages]
        return [*told, str(client.ask("account/balance")), str(client.ask("account/bills"))]

    first = story()
    assert len(first) > 20
    assert first == story()


def test_an_engine_that_runs_for_long_forgets_and_the_venue_with_it() -> None:
    client = Client()
    client.venue.engine.run_for_long()
    for _ in range(30):
        client.market()
        client.wait(86_400 * 6)
    assert len(client.ask("trade/fills-history", instType="SWAP")) <= 16
    assert len(client.venue.desk.prices_at) <= 30
    assert client.position()["pos"] == "30"

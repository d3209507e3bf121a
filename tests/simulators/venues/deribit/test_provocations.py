"""How the venue shows each neutral kind of trouble: what a clause is told is what an adapter then meets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest
from tests.simulators.venues.support.levers import cases as cases_of
from tests.simulators.venues.support.levers import provoke

from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.engine.refusals import REASONS
from venueproof_simulators.host.provoking import Provocation
from venueproof_simulators.host.rules import AnswerVenueError, Delay, LoseReply
from venueproof_simulators.host.venue import HttpReply, Profile, Provoked

from .client import BTC, Client, order, trigger

SYMBOLS = ("BTC/USD:BTC", "BTC/USDC:USDC")
NAMES = {"BTC/USD:BTC": BTC, "BTC/USDC:USDC": "BTC_USDC-PERPETUAL"}


def cases(*kinds: str) -> list[Any]:
    """Each provocation of some kinds, in each profile that has it, on either product."""
    return cases_of("deribit", *kinds, symbols=SYMBOLS)


def intended(provoked: Provoked, symbol: str) -> dict[str, Any]:
    """What an adapter would send for the patched intent."""
    patch = provoked.intent
    return order(
        instrument_name=NAMES[symbol],
        amount=patch.get("amount", Decimal(100) if symbol == SYMBOLS[0] else Decimal("0.01")),
        price=patch.get("price", 59000),
        post_only=patch.get("post_only"),
        reject_post_only=patch.get("post_only"),
    )


def code(reply: HttpReply) -> int:
    return int(msgspec.json.decode(reply.body)["error"]["code"])


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("order.reject"))
def test_the_venue_itself_refuses_what_is_intended(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, symbol)
    refused = code(client.get("private/buy", **intended(provoked, symbol)))
    rows = [row for row in client.venue.desk.errors.rows if row.code == refused]
    reasons = {row.reason or (REASONS[row.refusal] if row.refusal else "") for row in rows}
    assert provoked.reason in reasons | {"precision" if refused == 10021 else ""}
    assert client.ask("private/get_open_orders") == []


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("error.inside-success"))
def test_a_refusal_stands_in_a_success(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, symbol)
    reply = client.get("private/buy", **intended(provoked, symbol))
    assert (reply.status, code(reply)) == (200, 11054)


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("order.end-without-event"))
def test_an_order_ends_and_the_rule_meets_what_tells_of_it(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    session = client.log_on()
    client.subscribe(session, "user.changes.any.any.raw")
    placed = client.buy(**intended(Provoked(), symbol))
    client.messages.clear()
    levers, _ = provoke(one, client, symbol)
    ended = client.ask("private/get_order_state", order_id=placed["order_id"])
    assert (ended["order_state"], ended["cancel_reason"]) == ("cancelled", "cancel_on_disconnect")
    assert [levers.meets(message) for message in client.messages if message.topic == "order"] == [True]


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("fill.duplicate", "fill.delayed"))
@pytest.mark.parametrize("channel", ["user.changes.any.any.raw", "user.trades.any.any.raw"])
def test_a_rule_meets_the_next_fill_and_no_other(one: Provocation, profile: Profile, symbol: str, channel: str) -> None:
    client = Client(profile)
    session = client.log_on()
    client.subscribe(session, channel)
    placed = client.buy(**intended(Provoked(), symbol))
    levers, _ = provoke(one, client, symbol)
    client.messages.clear()
    for _ in range(2):
        client.command(FillOrder(NAMES[symbol], int(placed["order_id"].rpartition("-")[2]) % 10**7, 2))
    told = [message for message in client.messages if message.topic == "fill"]
    assert [levers.meets(message) for message in told] == [True, False]


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("amend.refused"))
def test_editing_is_refused_and_the_rest_works(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    placed = client.buy(**intended(Provoked(), symbol))
    provoke(one, client, symbol)
    known = {"order_id": placed["order_id"], "amount": placed["amount"], "price": 58000}
    assert client.refused("private/edit", **known) == (400, 10011)
    assert client.ask("private/cancel", order_id=placed["order_id"])["order_state"] == "cancelled"


@pytest.mark.quirk("deribit.ratelimit.simple-counts")
@pytest.mark.parametrize(("one", "profile", "symbol"), cases("rate.throttle"))
def test_throttled_for_as_long_as_it_says(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    client.wait(0.4)
    _, provoked = provoke(one, client, symbol)
    assert 0 < provoked.settles_s <= 60
    assert client.refused("private/buy", **intended(Provoked(), symbol)) == (429, 10028)
    if provoked.operation != "place":
        assert client.refused("private/get_positions") == (429, 10028)
    client.wait(float(provoked.settles_s) - 0.01)
    assert client.refused("private/buy", **intended(Provoked(), symbol)) == (429, 10028)
    client.wait(0.02)
    assert client.get("private/buy", **intended(Provoked(), symbol)).status == 200


@pytest.mark.quirk("deribit.trade.unknown-error")
@pytest.mark.parametrize(("one", "profile", "symbol"), cases("clock.late", "reply.unknown"))
def test_the_next_order_is_answered_with_an_error(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    levers, provoked = provoke(one, client, symbol)
    [rule] = levers.rules
    assert (rule.match.operation, rule.match.first) == (provoked.operation, 1)
    assert isinstance(rule.fate, AnswerVenueError)
    expected = (13888, False) if one.kind == "clock.late" else (11094, True)
    assert (client.venue.desk.errors.row(rule.fate.error).code, rule.fate.executed) == expected


@pytest.mark.quirk("deribit.ws.late-response")
@pytest.mark.parametrize(("one", "profile", "symbol"), cases("reply.lost"))
def test_the_answer_to_the_next_order_is_lost_or_late(one: Provocation, profile: Profile, symbol: str) -> None:
    levers, provoked = provoke(one, Client(profile), symbol)
    [rule] = levers.rules
    assert (rule.match.operation, provoked.operation) == ("place", "place")
    late = one.quirk == "deribit.ws.late-response"
    assert isinstance(rule.fate, Delay) if late else isinstance(rule.fate, LoseReply)


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("account.restricted"))
def test_what_is_private_is_refused_for_good(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    provoke(one, client, symbol)
    asked = [client.get("private/get_positions"), client.get("private/buy", **intended(Provoked(), symbol))]
    assert [reply.status for reply in asked] == [403, 403]


@pytest.mark.quirk("deribit.account.reduce-only")
@pytest.mark.parametrize(("one", "profile", "symbol"), cases("account.closing-only"))
def test_only_what_closes_is_taken(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    usual = intended(Provoked(), symbol)
    client.trade("buy", usual["amount"], NAMES[symbol])
    resting = client.buy(**usual)
    provoke(one, client, symbol)
    assert client.refused("private/buy", **usual) == (400, 10019)
    assert client.ask("private/cancel", order_id=resting["order_id"])["order_state"] == "cancelled"
    client.trade("sell", usual["amount"], NAMES[symbol], reduce_only=True)
    assert client.ask("private/get_positions") == []
    client.venue.switch_quirk("deribit.account.reduce-only", False)
    assert client.buy(**usual)["order_state"] == "open"


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("conditional.reject"))
def test_the_next_trigger_order_is_refused(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, symbol)
    asked = cast(dict[str, Any], provoked.intent["trigger"])
    usual = intended(Provoked(), symbol)
    sent = trigger(instrument_name=NAMES[symbol], amount=usual["amount"], trigger_price=asked["price"])
    assert client.refused("private/sell", **sent) == (400, 11036)


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("order.forgotten"))
def test_what_ended_is_forgotten(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    placed = client.buy(**intended(Provoked(), symbol))
    client.ask("private/cancel", order_id=placed["order_id"])
    provoke(one, client, symbol)
    assert client.refused("private/get_order_state", order_id=placed["order_id"]) == (400, 10004)


@pytest.mark.parametrize(("one", "profile", "symbol"), cases("book.gap"))
def test_the_next_change_of_the_book_is_lost(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    session, name = client.open(), f"book.{NAMES[symbol]}.100ms"
    client.call(session, "public/subscribe", channels=[name])
    levers, _ = provoke(one, client, symbol)
    client.messages.clear()
    for _ in range(2):
        client.trade("buy", intended(Provoked(), symbol)["amount"], NAMES[symbol])
        client.wait(0.2)
    told = [message for message in client.messages if message.topic == "book"]
    assert [levers.meets(message) for message in told] == [True, False]


@pytest.mark.quirk("deribit.auth.token-expiry-mid-session")
@pytest.mark.parametrize(("one", "profile", "symbol"), cases("token.expired"))
def test_tokens_end_and_can_be_had_anew(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    session = client.log_on()
    provoke(one, client, symbol)
    assert client.fails(session, "private/get_positions") == 13009
    assert client.call(client.log_on(), "private/get_positions") == []

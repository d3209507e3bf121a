"""Each provocation makes the venue show what its kind says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.simulators.venues.support.levers import cases as cases_of
from tests.simulators.venues.support.levers import provoke

from venueproof_contracts.model import Trigger
from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.engine.refusals import REASONS
from venueproof_simulators.host import discovery
from venueproof_simulators.host.provoking import NotShown, Provocation
from venueproof_simulators.host.rules import AnswerVenueError, Drop
from venueproof_simulators.host.venue import Profile, Provoked

from .client import Client, order, stop

SYMBOL = "BTC/USDT:USDT"


def cases(*kinds: str) -> list[Any]:
    """Each provocation of some kinds, in each profile that has it."""
    return cases_of("bybit", *kinds)


def intended(provoked: Provoked) -> dict[str, Any]:
    """What an adapter would send for the patched intent."""
    patch = provoked.intent
    sent = order(
        qty=str(patch.get("amount", "0.01")),
        price=str(patch.get("price", Decimal(58800))),
        reduceOnly=True if patch.get("reduce_only") else None,
    )
    return sent


def reasons_of(client: Client, code: int) -> set[str]:
    """The neutral reasons that a code may stand for."""
    rows = [row for row in client.venue.desk.errors.rows if row.code == code]
    return {row.reason or (REASONS[row.refusal] if row.refusal is not None else "") for row in rows}


@pytest.mark.quirk("bybit.order.min-notional-110094")
@pytest.mark.quirk("bybit.order.qty-step-10001")
@pytest.mark.quirk("bybit.order.tick-10001")
@pytest.mark.quirk("bybit.order.price-band-110003")
@pytest.mark.quirk("bybit.order.reduce-only-110017")
@pytest.mark.parametrize(("one", "profile"), cases("order.reject", "error.inside-success"))
def test_the_venue_itself_refuses_what_is_intended(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    code, _ = client.refused("order/create", **intended(provoked))
    assert provoked.reason in reasons_of(client, code)
    assert client.ask("order/realtime", category="linear", symbol="BTCUSDT")["list"] == []


def test_every_symbol_can_be_refused_in_every_way() -> None:
    for one in discovery.provocations("bybit"):
        if one.kind == "order.reject":
            for listing in Client().venue.desk.listings.values():
                client = Client()
                try:
                    _, provoked = provoke(one, client, listing.symbol)
                except NotShown:
                    assert listing.inverse
                    continue
                mark = listing.mark(client.venue.engine.mark_nano_ticks(listing.name, client.now_ns))
                passive = mark * Decimal("0.98") // listing.row.tick * listing.row.tick
                sent = intended(provoked) | {"symbol": listing.name, "category": listing.category}
                sent |= {} if "price" in provoked.intent else {"price": f"{passive:f}"}
                sent |= {} if "amount" in provoked.intent else {"qty": "100" if listing.inverse else "1"}
                code, _ = client.refused("order/create", **sent)
                assert provoked.reason in reasons_of(client, code), (one.quirk, listing.name)


@pytest.mark.quirk("bybit.order.would-trigger-110092")
@pytest.mark.parametrize(("one", "profile"), cases("conditional.reject"))
def test_the_venue_itself_refuses_the_condition(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    trigger = msgspec.convert(provoked.intent["trigger"], Trigger)
    code, _ = client.refused("order/create", **stop(triggerPrice=str(trigger.price)))
    assert provoked.reason in reasons_of(client, code)


@pytest.mark.parametrize(("one", "profile"), cases("order.end-without-event"))
def test_an_order_ends_and_the_rule_meets_the_only_message_of_it(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.listen("order", "execution")
    placed = client.place()
    client.messages.clear()
    levers, _ = provoke(one, client, SYMBOL)
    assert client.shown(placed)["orderStatus"] == "Cancelled"
    assert isinstance(levers.rules[0].fate, Drop)
    told = [message for message in client.messages if message.topic in {"order", "fill"}]
    assert [levers.meets(message) for message in told] == [True]


@pytest.mark.parametrize(("one", "profile"), cases("fill.duplicate", "fill.delayed"))
def test_the_rule_meets_exactly_the_execution_of_the_next_fill(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.listen("order", "execution", "execution.fast")
    client.place(qty="0.02")
    levers, _ = provoke(one, client, SYMBOL)
    client.messages.clear()
    for _ in range(2):
        client.command(FillOrder("BTCUSDT", 1, 10))
    met = [message for message in client.messages if levers.meets(message)]
    assert [message.label for message in met] == ["execution"]
    assert client.messages.index(met[0]) < len(client.messages) / 2


@pytest.mark.parametrize(("one", "profile"), cases("reply.unknown"))
def test_the_next_order_is_carried_out_and_answered_with_a_time_out(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    levers, provoked = provoke(one, client, SYMBOL)
    [rule] = levers.rules
    assert (rule.match.operation, rule.match.first) == (provoked.operation, 1)
    assert isinstance(rule.fate, AnswerVenueError)
    assert rule.fate.executed
    reply = client.venue.error_reply("", rule.fate.error, None, client.time())
    assert (reply.status, msgspec.json.decode(reply.body)["retCode"]) == (200, 10000)


@pytest.mark.quirk("bybit.http.timeout-10000")
@pytest.mark.parametrize(("one", "profile"), cases("reply.lost"))
def test_the_next_order_is_the_one_whose_reply_is_lost(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    levers, provoked = provoke(one, client, SYMBOL)
    assert (levers.rules[0].match.operation, provoked.operation) == ("place", "place")
    row = client.venue.desk.errors.row("server-timeout")
    assert (row.status, row.code, row.reason) == (200, 10000, "")


@pytest.mark.parametrize(("one", "profile"), cases("list.order"))
def test_candles_are_listed_newest_first(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    rows = client.get("market/kline", category="linear", symbol="BTCUSDT", interval="1", limit=3)["list"]
    assert provoked.operation == "candles"
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)


@pytest.mark.parametrize(("one", "profile"), cases("rate.ban"))
def test_an_address_is_blocked_for_as_long_as_it_says(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    assert provoked.until_ns is not None
    assert client.request("GET", "/v5/market/time").status == 403
    client.wait((provoked.until_ns - client.time().wire_ns) / 1e9 - 0.01)
    assert client.request("GET", "/v5/market/time").status == 403
    client.wait(0.02)
    assert client.request("GET", "/v5/market/time").status == 200


@pytest.mark.parametrize(("one", "profile"), cases("rate.throttle"))
def test_signed_requests_are_too_many_until_the_header_says(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    reply = client.signed("GET", "/v5/account/info")
    assert msgspec.json.decode(reply.body)["retCode"] == 10006
    assert int(reply.headers["X-Bapi-Limit-Reset-Timestamp"]) == (provoked.until_ns or 0) // 10**6
    client.wait(float(provoked.settles_s) - 0.01)
    assert client.refused("order/create", **order())[0] == 10006
    client.wait(0.02)
    client.ask("account/info")


@pytest.mark.parametrize(("one", "profile"), cases("account.restricted"))
def test_every_signed_request_is_refused(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    provoke(one, client, SYMBOL)
    assert client.refused("order/create", **order())[0] == 10024
    assert client.refused("position/list", "GET", category="linear", symbol="BTCUSDT")[0] == 10024


@pytest.mark.parametrize(("one", "profile"), cases("order.forgotten"))
def test_what_ended_without_a_fill_is_unknown(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    placed = client.place()
    client.post("order/cancel", category="linear", symbol="BTCUSDT", orderId=placed)
    provoke(one, client, SYMBOL)
    for path in ("order/realtime", "order/history"):
        assert client.ask(path, category="linear", symbol="BTCUSDT", orderId=placed)["list"] == []


@pytest.mark.parametrize(("one", "profile"), cases("setting.refused"))
def test_a_setting_is_refused(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    if provoked.operation == "set_leverage":
        wanted = str(provoked.leverage)
        asked: dict[str, Any] = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "buyLeverage": wanted,
            "sellLeverage": wanted,
        }
        code, _ = client.refused("position/set-leverage", **asked)
    else:
        code, _ = client.refused("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")
    assert provoked.reason in reasons_of(client, code)


@pytest.mark.parametrize(("one", "profile"), cases("mode.refused"))
def test_the_position_mode_is_refused(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    code, _ = client.refused("position/switch-mode", category="linear", symbol="BTCUSDT", mode=3)
    assert reasons_of(client, code) == {provoked.reason}


@pytest.mark.parametrize(("one", "profile"), cases("stream.silent-death"))
def test_private_connections_are_dead_and_new_ones_live(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    session, public = client.listen("order"), client.watch("tickers.BTCUSDT")
    provoke(one, client, SYMBOL)
    client.take(public)
    client.place()
    client.send(session, {"op": "ping"})
    assert client.take(session) == []
    assert client.closed == []
    assert client.answer(public, {"op": "ping"})
    again = client.listen("order")
    client.place()
    assert len(client.rows(again, "order")) >= 1


@pytest.mark.parametrize(("one", "profile"), cases("book.gap"))
def test_the_next_change_of_the_book_is_lost(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.watch("orderbook.50.BTCUSDT")
    levers, _ = provoke(one, client, SYMBOL)
    client.messages.clear()
    for price in ("60100", "60200"):
        client.move(price)
    assert [levers.meets(message) for message in client.messages][:2] == [True, False]

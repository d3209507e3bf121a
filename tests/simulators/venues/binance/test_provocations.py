from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest
from tests.simulators.venues.support.levers import Levers, provoke
from tests.simulators.venues.support.levers import cases as cases_of

from venueproof_contracts.model import Trigger, TriggerKind
from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.engine.refusals import REASONS
from venueproof_simulators.host import discovery
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import NotShown, Provocation
from venueproof_simulators.host.rules import AnswerVenueError, Drop
from venueproof_simulators.host.venue import HttpReply, Profile, Provoked

from .client import Client, order, stop

SYMBOL = "BTC/USDT:USDT"
ORDER = "/fapi/v1/order"
ALGOS = "/fapi/v1/algoOrder"
OPEN_ALGOS = "/fapi/v1/openAlgoOrders"


def cases(*kinds: str) -> list[Any]:
    """Each provocation of some kinds, in each profile that has it."""
    return cases_of("binance", *kinds)


def code(reply: HttpReply) -> int:
    return int(msgspec.json.decode(reply.body)["code"])


def intended(provoked: Provoked) -> dict[str, object]:
    """What an adapter would send for the patched intent."""
    patch = provoked.intent
    waits = {"fok": "FOK"}.get(str(patch.get("time_in_force")), "GTC")
    if patch.get("type") == "market":
        return order(type="MARKET", quantity=patch["amount"], price=None, timeInForce=None)
    return order(
        quantity=patch.get("amount", Decimal("0.010")),
        price=patch.get("price", Decimal("58800")),
        timeInForce="GTX" if patch.get("post_only") else waits,
        reduceOnly="true" if patch.get("reduce_only") else None,
    )


@pytest.mark.parametrize(("one", "profile"), cases("order.reject"))
def test_venue_itself_refuses_what_is_intended(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    reply = client.signed("POST", ORDER, **intended(provoked))
    refused = next(row for row in client.venue.desk.errors.rows if row.code == code(reply))
    rows = [row for row in client.venue.desk.errors.rows if row.code == refused.code]
    reasons = {client_reason(client, row.key) for row in rows}
    assert provoked.reason in reasons
    assert client.ask("GET", "/fapi/v1/openOrders") == []


def client_reason(client: Client, key: str) -> str:
    """The neutral reason of an error row: its own, or that of the refusal it is the word for."""
    row = client.venue.desk.errors.row(key)
    return row.reason or (REASONS[row.refusal] if row.refusal is not None else "")


def test_every_symbol_can_be_refused_in_every_way() -> None:
    for one in discovery.provocations("binance"):
        if one.kind == "order.reject":
            for name, listing in Client(Profile.FIELD).venue.desk.listings.items():
                client = Client(Profile.FIELD)
                try:
                    provoked = one.code(cast(Controls, Levers(client)), listing.symbol)
                except NotShown:
                    assert not listing.row.notional_min, (one.quirk, name)
                    continue
                mark = listing.mark(client.venue.engine.mark_nano_ticks(name, client.now_ns))
                price = mark * Decimal("0.98") // listing.row.tick * listing.row.tick
                lots = (3 * listing.row.notional_min / mark // listing.row.amount_step + 1) * listing.row.amount_step
                sent = order(symbol=name) | intended(provoked) | {"symbol": name}
                sent |= {} if provoked.intent.keys() & {"price", "type"} else {"price": price}
                sent |= {} if "amount" in provoked.intent else {"quantity": lots}
                body = client.signed("POST", f"{listing.product.prefix}v1/order", **sent).body
                assert b'"code"' in body, (one.quirk, name, body)


@pytest.mark.quirk("binance.http.errors-are-4xx")
@pytest.mark.parametrize(("one", "profile"), cases("error.inside-success"))
def test_refusal_stands_in_a_success(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    reply = client.signed("POST", ORDER, **intended(provoked))
    assert (reply.status, code(reply)) == (200, -5022)


@pytest.mark.parametrize(("one", "profile"), cases("order.end-without-event"))
def test_order_ends_and_the_rule_meets_the_only_message_of_it(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.open_user_stream()
    placed = client.limit()
    client.messages.clear()
    levers, _ = provoke(one, client, SYMBOL)
    assert client.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])["status"] == "EXPIRED"
    assert isinstance(levers.rules[0].fate, Drop)
    told = [message for message in client.messages if message.topic in {"order", "fill"}]
    assert [levers.meets(message) for message in told] == [True]


@pytest.mark.parametrize(("one", "profile"), cases("fill.duplicate", "fill.delayed"))
def test_rule_meets_exactly_the_long_message_of_the_next_fill(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.open_user_stream()
    placed = client.limit(quantity="0.020")
    levers, _ = provoke(one, client, SYMBOL)
    client.messages.clear()
    for _ in range(2):
        client.command(FillOrder("BTCUSDT", placed["orderId"], 10))
    met = [message for message in client.messages if levers.meets(message)]
    assert ["ORDER_TRADE_UPDATE" in str(message.payload) for message in met] == [True]
    assert client.messages.index(met[0]) < len(client.messages) / 2


@pytest.mark.parametrize(("one", "profile"), cases("amend.refused"))
def test_amendments_are_refused_and_the_rest_works(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    placed = client.limit()
    provoke(one, client, SYMBOL)
    changes = {"symbol": "BTCUSDT", "orderId": placed["orderId"], "side": "BUY", "quantity": "0.02", "price": "58000"}
    assert code(client.signed("PUT", ORDER, **changes)) == -5025
    assert client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])["status"] == "CANCELED"


@pytest.mark.quirk("binance.candles.rest-order")
@pytest.mark.parametrize(("one", "profile"), cases("list.order"))
def test_candles_are_listed_as_the_case_says(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    provoke(one, client, SYMBOL)
    opened = [row[0] for row in client.get("/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit=3)]
    assert opened == sorted(opened, reverse=profile is Profile.FIELD)


@pytest.mark.parametrize(("one", "profile"), cases("rate.ban"))
def test_banned_until_the_end_that_is_stated(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    assert provoked.until_ns is not None
    reply = client.request("GET", "/fapi/v1/time")
    assert reply.status == 418
    assert f"until {provoked.until_ns // 10**6}." in reply.body.decode()
    hours = (provoked.until_ns - client.now_ns) / 3600e9
    assert hours == (2 if profile is Profile.FIELD else 1 / 30)
    signed = client.signed("GET", "/fapi/v1/openOrders")
    assert code(signed) == (-2015 if one.quirk == "binance.auth.2015-during-ban" else -1003)


@pytest.mark.parametrize(("one", "profile"), cases("rate.throttle"))
@pytest.mark.parametrize("begin_s", [0, 13, 58])
def test_throttled_for_as_long_as_it_says(one: Provocation, profile: Profile, begin_s: float) -> None:
    client = Client(profile)
    client.wait(begin_s)
    _, provoked = provoke(one, client, SYMBOL)
    settles_s = float(provoked.settles_s)
    assert 0 < settles_s <= 60
    assert client.signed("POST", ORDER, **order()).status == 429
    asked = client.signed("GET", "/fapi/v1/openOrders").status
    assert asked == (200 if provoked.operation == "place" else 429)
    client.wait(settles_s - 0.01)
    assert client.signed("POST", ORDER, **order()).status == 429
    client.wait(0.02)
    assert client.signed("POST", ORDER, **order()).status == 200


@pytest.mark.parametrize(("one", "profile"), cases("clock.late"))
def test_next_order_is_late_at_the_engine(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    levers, provoked = provoke(one, client, SYMBOL)
    [rule] = levers.rules
    assert (rule.match.operation, rule.match.first) == (provoked.operation, 1)
    assert isinstance(rule.fate, AnswerVenueError)
    assert client.venue.desk.errors.row(rule.fate.error).code == -5028
    assert not rule.fate.executed


@pytest.mark.parametrize(("one", "profile"), cases("account.restricted"))
def test_every_request_is_refused_for_its_region(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    provoke(one, client, SYMBOL)
    asked = [client.signed("GET", "/fapi/v3/account"), client.signed("POST", ORDER, **order())]
    assert [reply.status for reply in asked] == [451, 451]


@pytest.mark.parametrize(("one", "profile"), cases("account.closing-only"))
def test_only_what_closes_is_taken(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    resting = client.limit()
    client.market()
    _, provoked = provoke(one, client, SYMBOL)
    expected = -4401 if provoked.reason == "reduce-only" else -1008
    assert code(client.signed("POST", ORDER, **order())) == expected
    client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=resting["orderId"])
    client.market("SELL", reduceOnly="true")


@pytest.mark.parametrize(("one", "profile"), cases("order.forgotten"))
def test_what_ended_without_a_fill_is_unknown(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    placed = client.limit()
    client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])
    provoke(one, client, SYMBOL)
    assert code(client.signed("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])) == -2013


@pytest.mark.parametrize(("one", "profile"), cases("protective.minimum"))
def test_a_slice_is_refused_and_the_whole_position_is_not(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.market()
    _, provoked = provoke(one, client, SYMBOL)
    closing = order(side="SELL", price="61200", reduceOnly="true")
    assert code(client.signed("POST", ORDER, **closing | {"quantity": provoked.intent["amount"]})) == -4164
    assert client.signed("POST", ORDER, **closing).status == 200


@pytest.mark.quirk("binance.margin.position-mode-shared")
@pytest.mark.parametrize(("one", "profile"), cases("mode.refused"))
def test_position_mode_is_refused_while_an_order_rests_elsewhere(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    provoke(one, client, SYMBOL)
    [resting] = client.venue.engine.live_orders(client.venue.account)
    assert resting.instrument != "BTCUSDT"
    assert code(client.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")) == -4067


@pytest.mark.quirk("binance.order.would-trigger-2021")
@pytest.mark.quirk("binance.order.callback-range")
@pytest.mark.parametrize(("one", "profile"), cases("conditional.reject"))
def test_venue_itself_refuses_the_condition(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    trigger = msgspec.convert(provoked.intent["trigger"], Trigger)
    changes: dict[str, object] = {"triggerPrice": trigger.price}
    if trigger.kind is TriggerKind.TRAILING:
        changes = {"triggerPrice": None, "type": "TRAILING_STOP_MARKET", "callbackRate": trigger.offset}
    reply = client.signed("POST", ALGOS, **stop(**changes))
    rows = [row for row in client.venue.desk.errors.rows if row.code == code(reply)]
    assert provoked.reason in {client_reason(client, row.key) for row in rows}
    assert client.ask("GET", OPEN_ALGOS) == []


@pytest.mark.parametrize(("one", "profile"), cases("trigger.stuck"))
def test_what_fires_stays_on_its_way(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    placed = client.algo()
    provoke(one, client, SYMBOL)
    client.move("57000")
    client.wait(60)
    found = client.ask("GET", ALGOS, algoId=placed["algoId"])
    assert (found["algoStatus"], found["actualOrderId"]) == ("TRIGGERING", "")


@pytest.mark.quirk("binance.order.leftover-blocks-entry")
@pytest.mark.quirk("binance.margin.leverage-4028")
@pytest.mark.parametrize(("one", "profile"), cases("setting.refused"))
def test_setting_is_refused_for_what_is_in_the_way_or_asked_for(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    if provoked.operation == "set_leverage":
        reply = client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=provoked.leverage)
        assert code(reply) == -4028
        return
    assert len(client.venue.engine.live_orders(client.venue.account)) + len(client.ask("GET", OPEN_ALGOS)) == 1
    assert code(client.signed("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")) == -4047


@pytest.mark.parametrize(("one", "profile"), cases("stream.silent-death", "credential.expired"))
def test_stream_of_the_account_says_nothing_more(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    session = client.open_user_stream()
    provoke(one, client, SYMBOL)
    last = [message["e"] for message in client.take(session)]
    assert last == (["listenKeyExpired"] if one.kind == "credential.expired" else [])
    client.limit()
    assert client.take(session) == []
    fresh = client.open_user_stream()
    client.limit()
    assert len(client.take(fresh)) == 1


@pytest.mark.parametrize(("one", "profile"), cases("book.early"))
def test_the_first_change_precedes_the_acknowledgement(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    session = client.open("/public/ws")
    provoke(one, client, SYMBOL)
    client.send(session, {"method": "SUBSCRIBE", "params": ["btcusdt@depth@100ms"], "id": 1})
    client.limit()
    client.wait(0.2)
    assert [message.get("e", "ack") for message in client.take(session)][:2] == ["depthUpdate", "ack"]


@pytest.mark.parametrize(("one", "profile"), cases("book.gap"))
def test_rule_meets_a_change_of_the_book(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.open("/public/ws/btcusdt@depth@100ms")
    levers, _ = provoke(one, client, SYMBOL)
    client.limit()
    client.wait(0.2)
    assert [levers.meets(message) for message in client.messages] == [True]

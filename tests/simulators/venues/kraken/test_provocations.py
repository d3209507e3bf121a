"""Each way to show trouble shows it on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.simulators.venues.support.client import ADDRESS
from tests.simulators.venues.support.levers import Levers, provoke
from tests.simulators.venues.support.levers import cases as cases_of

from venueproof_simulators.host.provoking import NotShown, Provocation
from venueproof_simulators.host.rules import AnswerVenueError, Rewrite
from venueproof_simulators.host.venue import HttpRequest, Profile, Provoked
from venueproof_simulators.venues.kraken.venue import KrakenVenue

from .client import PF, V3, Client, decoded

SYMBOL, INVERSE = "BTC/USD:USD", "BTC/USD:BTC"


def cases(*kinds: str) -> list[Any]:
    """Each provocation of some kinds, in each profile that has it."""
    return cases_of("kraken", *kinds)


def intended(provoked: Provoked, symbol: str) -> dict[str, object]:
    """What an adapter would send for the patched intent."""
    patch, inverse = provoked.intent, symbol == INVERSE
    return {
        "symbol": "PI_XBTUSD" if inverse else PF,
        "orderType": "post" if patch.get("post_only") else "lmt",
        "size": patch.get("amount", Decimal(4) if inverse else Decimal("0.01")),
        "limitPrice": patch.get("price", Decimal("58800")),
        "reduceOnly": "true" if patch.get("reduce_only") else "false",
    }


def word_of(levers: Levers[KrakenVenue], client: Client, sent: dict[str, object]) -> str:
    """The word with which an order is refused: by a rule where there is one, else by the venue."""
    if levers.rules:
        fate = levers.rules[0].fate
        assert isinstance(fate, AnswerVenueError)
        request = HttpRequest("futures", "POST", V3 + "sendorder", "", {}, b"", ADDRESS)
        document = decoded(client.venue.error_reply(fate.reason, fate.error, request, client.time()))
    else:
        document = decoded(client.signed("POST", V3 + "sendorder", **{"side": "buy", **sent}))
    if "errors" in document:
        return str(document["errors"][0]["message"])
    return str(document["sendStatus"]["status"])


@pytest.mark.parametrize("symbol", [SYMBOL, INVERSE])
@pytest.mark.parametrize(("one", "profile"), cases("order.reject", "error.inside-success"))
def test_what_is_intended_is_refused_for_the_reason(one: Provocation, profile: Profile, symbol: str) -> None:
    client = Client(profile)
    levers, provoked = provoke(one, client, symbol)
    if provoked.operation == "positions":
        assert levers.rules[0].fate == Rewrite('"openPositions"', '"positionsOpen"')
        assert b'"openPositions"' in client.signed("GET", V3 + "openpositions").body
        return
    word = word_of(levers, client, intended(provoked, symbol))
    reasons = {row.reason for row in client.venue.desk.errors.rows if row.text == word}
    assert provoked.reason in reasons
    assert client.ask("GET", "openorders")["openOrders"] == []


@pytest.mark.parametrize(("one", "profile"), cases("conditional.reject"))
def test_stop_is_refused_for_the_reason(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    assert client.stop(size=provoked.intent["amount"])["status"] == "invalidSize"


@pytest.mark.parametrize(("one", "profile"), cases("order.end-without-event"))
def test_order_ends_untold(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    session = client.listen("open_orders", "open_orders_verbose")
    client.placed()
    client.take(session)
    provoke(one, client, SYMBOL)
    assert client.ask("GET", "openorders")["openOrders"] == []
    assert client.take(session) == []


@pytest.mark.parametrize(("one", "profile"), cases("fill.duplicate", "fill.delayed"))
def test_rule_meets_the_next_fill_alone(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    client.listen("open_orders", "fills")
    uid = client.placed()
    levers, _ = provoke(one, client, SYMBOL)
    client.messages.clear()
    client.fill(uid, 10)
    client.fill(uid, 10)
    met = [levers.meets(message) for message in client.messages]
    assert met.count(True) == 1
    assert '"feed":"fills"' in str(client.messages[met.index(True)].payload)


@pytest.mark.parametrize(("one", "profile"), cases("order.forgotten"))
def test_what_ended_is_not_told_any_more(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    uid = client.placed()
    client.ask("POST", "cancelorder", order_id=uid)
    assert len(client.ask("GET", "orders/status", orderIds=uid)["orders"]) == 1
    provoke(one, client, SYMBOL)
    assert client.ask("GET", "orders/status", orderIds=uid)["orders"] == []


@pytest.mark.parametrize(("one", "profile"), cases("rate.throttle"))
def test_private_requests_are_refused_for_a_while(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    assert client.refused("GET", "openorders") == (429, "apiLimitExceeded")
    assert client.public(V3 + "tickers")["result"] == "success"
    client.wait(float(provoked.settles_s))
    assert client.ask("GET", "openorders")["openOrders"] == []


@pytest.mark.parametrize(("one", "profile"), cases("account.restricted"))
def test_account_is_served_no_more(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    provoke(one, client, SYMBOL)
    assert client.refused("GET", "accounts") == (200, "accountInactive")


@pytest.mark.quirk("kraken.leverage.reject-surfaced")
@pytest.mark.parametrize(("one", "profile"), cases("setting.refused"))
def test_leverage_is_refused_for_margin(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    _, provoked = provoke(one, client, SYMBOL)
    reply = client.signed("PUT", V3 + "leveragepreferences", symbol=PF, maxLeverage=provoked.leverage)
    assert (reply.status, decoded(reply)["errors"]) == (500, [{"code": 92, "message": "INSUFFICIENT_MARGIN"}])
    assert client.ask("GET", "leveragepreferences")["leveragePreferences"] == []
    with pytest.raises(NotShown):
        provoke(one, client, INVERSE)


@pytest.mark.parametrize(("one", "profile"), cases("book.gap", "stream.silent-death"))
def test_streams_lose_what_they_are_to_lose(one: Provocation, profile: Profile) -> None:
    client = Client(profile)
    session = client.listen("fills")
    client.subscribe(session, "book", PF)
    levers, _ = provoke(one, client, SYMBOL)
    client.messages.clear()
    client.market(size="0.01")
    lost = [message.topic for message in client.messages if levers.meets(message)]
    told = [message.topic for message in client.messages]
    assert (lost, told.count("fill")) == ((["book"], 1) if one.kind == "book.gap" else ([], 0))

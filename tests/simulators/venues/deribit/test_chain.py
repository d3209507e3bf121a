"""Dated futures and options: names, expiries, steps, greeks, fees, and how the chain goes on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from venueproof_simulators.engine.commands import SetPrice
from venueproof_simulators.engine.instruments import ContractKind
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host import discovery
from venueproof_simulators.host.venue import Profile

from .client import BTC, Client, order

_NAME = re.compile(r"([A-Z]+(?:_[A-Z]+)?)-(?:PERPETUAL|(\d{1,2})([A-Z]{3})(\d\d)(?:-([\dd]+)-([CP]))?)")
_EIGHT = 8 * 3600
_CALL = "BTC-25DEC26-60000-C"


def _until_eight(client: Client) -> int:
    """Seconds to the next expiry."""
    return (_EIGHT - client.now_ns // 10**9) % 86_400


def _rows(client: Client, **params: object) -> dict[str, Any]:
    return {row["instrument_name"]: row for row in client.ask("public/get_instruments", **params)}


@pytest.mark.quirk("deribit.symbol.grammar")
def test_names_follow_a_grammar(client: Client) -> None:
    rows = _rows(client)
    found = {name: _NAME.fullmatch(name) for name in rows}
    assert all(found.values()), [name for name, match in found.items() if match is None]
    assert {"BTC-PERPETUAL", "BTC_USDC-PERPETUAL", "BTC-26MAR27", _CALL, "BTC-4DEC26-60000-P"} <= set(rows)
    decimal = rows["XRP_USDC-27NOV26-0d575-C"]
    assert (decimal["strike"], decimal["settlement_currency"], decimal["option_type"]) == (0.575, "USDC", "call")
    assert {name.split("-")[1] for name in rows if name.startswith("ETH-4")} == {"4DEC26"}


@pytest.mark.quirk("deribit.symbol.expiry-time")
def test_everything_ends_at_eight(client: Client) -> None:
    for name, row in _rows(client).items():
        match = _NAME.fullmatch(name)
        assert match is not None
        if match[2]:
            day = datetime.strptime(f"{match[2]} {match[3].title()} {match[4]} +0000", "%d %b %y %z")
            at = datetime.fromtimestamp(row["expiration_timestamp"] / 1000, UTC)
            assert at.timestamp() == day.timestamp() + _EIGHT, name


@pytest.mark.parametrize("day", ["2024-02-29", "2026-09-25", "2026-12-24", "2027-03-26"])
def test_a_run_says_which_future_its_cases_trade(day: str) -> None:
    start_ns = int(datetime.fromisoformat(f"{day}T07:59:59+00:00").timestamp()) * 10**9
    venue = discovery.open_venue("deribit", seed=1, profile=Profile.VENDOR, pace=Pace.STILL, start_ns=start_ns)
    future = venue.engine.by_symbol(venue.manifest.product("future").instrument)
    assert (future.product, future.kind, future.settle) == ("future", ContractKind.INVERSE, "BTC")
    assert future.expiry_ns - start_ns > 90 * 86_400 * 10**9
    with pytest.raises(LookupError, match="deribit has no product 'spot'"):
        venue.manifest.product("spot")


@pytest.mark.quirk("deribit.options.chain-size")
def test_the_chain_goes_on(client: Client) -> None:
    before = _rows(client, kind="option")
    assert 200 < len(before) < 500
    assert len({row["instrument_id"] for row in _rows(client).values()}) == len(_rows(client))
    client.command(SetPrice(BTC, 2 * 66_000))
    client.wait(_until_eight(client) + 86_400 + 1)
    after = _rows(client, kind="option")
    new, gone = set(after) - set(before), set(before) - set(after)
    assert {name.split("-")[1] for name in gone} == {"25NOV26", "26NOV26"}
    assert {name.split("-")[1] for name in new} == {"28NOV26"}
    assert max(after[name]["strike"] for name in new if name.startswith("BTC-")) == 78_000.0
    assert all(after[name]["state"] == "settlement" for name in new)


@pytest.mark.quirk("deribit.options.expired-symbol")
def test_an_expired_option_is_listed_no_more(client: Client) -> None:
    name = "BTC-25NOV26-60000-C"
    placed = client.buy(instrument_name=name, amount=1, price=0.0001)
    client.wait(_until_eight(client) + 10)
    assert name not in _rows(client)
    assert _rows(client, expired=True, kind="option")[name]["state"] == "delivered"
    assert placed["order_id"] not in {row["order_id"] for row in client.ask("private/get_open_orders")}
    assert client.refused("private/buy", **order(instrument_name=name, amount=1, price=0.0001)) == (400, 10012)
    assert client.refused("public/ticker", instrument_name="BTC-25NOV26-62000-C") == (400, 13019)


@pytest.mark.quirk("deribit.options.greeks-per-instrument")
def test_greeks_come_by_instrument_and_marks_by_chain(client: Client) -> None:
    ticker = client.ask("public/ticker", instrument_name=_CALL)
    assert set(ticker["greeks"]) == {"delta", "gamma", "vega", "theta", "rho"}
    assert 0 < ticker["greeks"]["delta"] < 1
    assert ticker["bid_iv"] <= ticker["mark_iv"] <= ticker["ask_iv"]
    assert (ticker["underlying_price"], ticker["index_price"]) == (60000.0, 60000.0)
    assert "greeks" not in client.ask("public/ticker", instrument_name=BTC)
    session, name = client.open(), "markprice.options.btc_usd"
    client.call(session, "public/subscribe", channels=[name])
    (marks,) = client.told(session, name)
    assert len(marks) == len(_rows(client, kind="option", currency="BTC"))
    mine = next(row for row in marks if row["instrument_name"] == _CALL)
    assert mine["mark_price"] == ticker["mark_price"]
    assert mine["iv"] == pytest.approx(ticker["mark_iv"] / 100, abs=1e-4)


@pytest.mark.quirk("deribit.fees.option-cap")
def test_fees_of_options_are_parts_of_the_underlying_with_a_cap(client: Client) -> None:
    taken = client.trade("buy", 1, _CALL)["trades"][0]
    assert (taken["fee"], taken["fee_currency"]) == (0.0003, "BTC")
    name = "BTC-25NOV26-72000-C"
    cheap = client.trade("buy", 1, name)["trades"][0]
    assert cheap["price"] < 0.0024
    assert cheap["fee"] == pytest.approx(0.125 * cheap["price"], rel=1e-6)


def test_a_long_and_a_short_option(client: Client) -> None:
    before = client.ask("private/get_account_summary", currency="BTC")
    client.trade("buy", 1, _CALL)
    position = client.ask("private/get_position", instrument_name=_CALL)
    assert (position["size"], position["kind"], "leverage" in position) == (1.0, "option", False)
    assert position["delta"] == pytest.approx(0.5, abs=0.1)
    assert position["average_price_usd"] == pytest.approx(position["average_price"] * 60000, abs=0.01)
    held = client.ask("private/get_account_summary", currency="BTC")
    assert held["options_value"] == pytest.approx(position["mark_price"], abs=1e-8)
    assert held["balance"] < before["balance"] - 0.05
    assert held["equity"] == pytest.approx(held["balance"] + held["options_value"], abs=1e-8)
    client.trade("sell", 2, _CALL)
    short = client.ask("private/get_account_summary", currency="BTC")
    assert short["options_value"] < 0
    assert short["initial_margin"] > 0.1
    assert short["options_delta"] == pytest.approx(-0.5, abs=0.1)


def test_steps_of_an_option_are_finer_below(client: Client) -> None:
    row = _rows(client)[_CALL]
    assert (row["tick_size"], row["tick_size_steps"]) == (0.0001, [{"above_price": 0.005, "tick_size": 0.0005}])
    assert client.buy(instrument_name=_CALL, amount=0.1, price=0.0049)["price"] == 0.0049
    assert client.refused("private/buy", **order(instrument_name=_CALL, amount=0.1, price=0.0051)) == (400, 10043)
    assert client.buy(instrument_name=_CALL, amount=0.1, price=0.0055)["price"] == 0.0055
    in_another_unit = order(instrument_name=_CALL, amount=0.1, price=60, advanced="implv")
    assert client.refused("private/buy", **in_another_unit) == (400, 10033), "never taken for a price in coin"
    assert client.refused("private/buy", **(in_another_unit | {"advanced": "eur"})) == (400, -32602)


@pytest.mark.parametrize(("strike", "fine_below"), [(72_000, True), (64_000, False)])
def test_an_option_is_quoted_and_traded_where_orders_may_stand(client: Client, strike: int, fine_below: bool) -> None:
    name = f"BTC-4DEC26-{strike}-C"
    client.ask("public/ticker", instrument_name=name)
    client.command(SetPrice(BTC, 2 * 61_000))
    client.command(SetPrice(BTC, 2 * 60_500))
    book = client.ask("public/get_order_book", instrument_name=name, depth=50)
    prices = [price for side in ("bids", "asks") for price, _ in book[side]]
    traded = client.ask("public/get_last_trades_by_instrument", instrument_name=name)["trades"]
    for price in (*prices, *(one["price"] for one in traded)):
        step = 5 if price >= 0.005 else 1
        assert round(price * 10_000) % step == 0, price
    assert traded
    assert (min(prices) < 0.005, max(prices) > 0.005) == (fine_below, True)
    assert max(price for price, _ in book["bids"]) < min(price for price, _ in book["asks"])


def test_the_log_of_an_option_adds_up_to_the_balance(client: Client) -> None:
    before = client.ask("private/get_account_summary", currency="BTC")["balance"]
    paid = client.trade("buy", 1, _CALL)["trades"][0]
    client.trade("sell", 1, _CALL)
    sent = {"currency": "BTC", "start_timestamp": 0, "end_timestamp": client.time().wire_ms}
    sold, bought = client.ask("private/get_transaction_log", **sent)["logs"]
    assert bought["cashflow"] == -paid["price"]
    assert bought["change"] == pytest.approx(-paid["price"] - paid["fee"], abs=1e-9)
    assert bought["balance"] == pytest.approx(before + bought["change"], abs=1e-9)
    assert sold["balance"] == pytest.approx(bought["balance"] + sold["change"], abs=1e-9)
    assert client.ask("private/get_account_summary", currency="BTC")["balance"] == sold["balance"]


def test_a_dated_future_is_delivered(client: Client) -> None:
    name = "BTC-27NOV26"
    client.trade("buy", 6000, name)
    session = client.log_on()
    client.subscribe(session, f"user.orders.{name}.raw")
    resting = client.buy(instrument_name=name)
    client.command(SetPrice(BTC, 2 * 61_000))
    client.wait(3 * 86_400)
    assert client.ask("private/get_positions") == []
    assert client.ask("private/get_open_orders") == []
    ended = client.told(session, f"user.orders.{name}.raw")[-1]
    assert (ended["order_id"], ended["order_state"]) == (resting["order_id"], "cancelled")
    assert (resting["order_state"], ended["cancel_reason"]) == ("open", "settlement")
    now = client.time().wire_ms
    log = client.ask("private/get_transaction_log", currency="BTC", start_timestamp=0, end_timestamp=now)["logs"]
    assert "delivery" in {row["type"] for row in log}
    told = client.ask("public/get_delivery_prices", index_name="btc_usd")
    assert told["data"][0]["date"] == "2026-11-27"


@pytest.mark.quirk("deribit.ws.expired-subscriptions")
def test_channels_of_what_expired_are_silent(client: Client) -> None:
    session, name = client.log_on(), "BTC-26NOV26-60000-C"
    channels = [f"book.{name}.100ms", f"trades.{name}.100ms", "instrument.state.option.BTC"]
    assert client.subscribe(session, *channels) == channels
    client.told(session)
    client.wait(_until_eight(client) + 86_400 + 10)
    told = client.told(session)
    states = [data for channel, data in told if channel == channels[2]]
    assert any((row["instrument_name"], row["state"]) == (name, "terminated") for row in states)
    assert any(row["state"] != "terminated" for row in states), "new ones were listed"
    client.wait(3600)
    assert client.told(session) == []
    assert client.call(session, "public/unsubscribe", channels=channels) == channels


@pytest.mark.quirk("deribit.ws.subscription-cap")
def test_a_connection_has_room_for_so_many_channels(client: Client) -> None:
    session = client.open()
    names = [f"{kind}.{name}.100ms" for name in _rows(client) for kind in ("book", "ticker", "trades", "perpetual")]
    accepted = [name for name in names if not name.startswith("perpetual")]
    assert client.fails(session, "public/subscribe", channels=names[:501]) == -32602
    for first in (0, 450):
        client.call(session, "public/subscribe", channels=accepted[first : first + 450])
    quotes = [f"quote.{name}" for name in _rows(client)]
    assert client.fails(session, "public/subscribe", channels=quotes) == 11052
    assert client.call(session, "public/subscribe", channels=quotes[:100]) == quotes[:100]

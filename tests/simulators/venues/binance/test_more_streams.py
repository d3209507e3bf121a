"""Streams about prices that nobody trades at, what is told after a closure, and whatever names and changes may come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import AddLiquidity, PrintTrade, SetMark, SetPrice
from venueproof_simulators.engine.state import Side

from .client import Client


def test_every_margin_asset_has_an_index_each_second(client: Client) -> None:
    session = client.open("/market/ws/!assetIndex@arr")
    client.wait(3)
    rounds = client.take(session)
    assert len(rounds) == 3
    by_asset = {row["s"]: row for row in rounds[-1]}
    assert {"USDTUSD", "USDCUSD", "BTCUSD", "ETHUSD"} <= set(by_asset)
    assert (by_asset["USDTUSD"]["i"], by_asset["USDTUSD"]["e"]) == ("1.00000000", "assetIndexUpdate")
    bitcoin = by_asset["BTCUSD"]
    assert bitcoin["i"] == client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")["indexPrice"]
    assert float(bitcoin["B"]) == pytest.approx(float(bitcoin["i"]) * (1 - float(bitcoin["b"])))
    assert float(bitcoin["A"]) == pytest.approx(float(bitcoin["i"]) * (1 + float(bitcoin["a"])))


def test_moved_mark_is_told_at_its_next_turn(client: Client) -> None:
    session = client.open("/market/ws/btcusdt@markPrice@1s")
    client.wait(1)
    before = client.take(session)[-1]
    client.command(SetMark("BTCUSDT", 590_000, 595_000))
    client.wait(1)
    after = client.take(session)[-1]
    assert (float(before["p"]), float(after["p"]), float(after["i"])) == (60000, 59000, 59500)


@pytest.mark.quirk("binance.ws.um-cm-mixed-arr")
@pytest.mark.parametrize("origin", ["fstream", "dstream"])
def test_streams_of_all_symbols_mix_both_products_on_either_host(client: Client, origin: str) -> None:
    names = ("!ticker@arr", "!miniTicker@arr", "!bookTicker", "!markPrice@arr@1s")
    path = "/stream" if origin == "dstream" else "/{}/stream"
    routes = {name: path.format("public" if name == "!bookTicker" else "market") for name in names}
    sessions = {name: client.open(routes[name], f"streams={name}", origin=origin) for name in names}
    for symbol in ("BTCUSDT", "BTCUSD_PERP"):
        client.command(PrintTrade(symbol, 600_500, 2, Side.BUY))
        client.command(AddLiquidity(symbol, Side.BUY, 600_000, 7))
    client.wait(2)
    for name, session in sessions.items():
        data = [message["data"] for message in client.take(session)]
        rows: list[Any] = []
        for part in data:
            rows += part if isinstance(part, list) else [part]
        told = {row["s"]: row["st"] for row in rows}
        assert {"BTCUSDT": 1, "BTCUSD_PERP": 2}.items() <= told.items(), name


def test_pair_has_an_index_and_its_contracts_marks(client: Client) -> None:
    names = "btcusd@indexPrice@1s/btcusd@indexPrice/btcusd@markPrice@1s/btcusd_perp@markPrice@1s"
    session = client.open("/stream", f"streams={names}", origin="dstream")
    client.wait(3)
    heard = client.take(session)
    assert [sum(row["stream"] == name for row in heard) for name in names.split("/")] == [3, 1, 3, 3]
    by_name = {row["stream"]: row["data"] for row in heard}
    index = by_name["btcusd@indexPrice@1s"]
    assert (list(index), index["e"], index["i"]) == (["e", "E", "i", "p"], "indexPriceUpdate", "BTCUSD")
    assert index["p"] == by_name["btcusd_perp@markPrice@1s"]["i"]
    assert by_name["btcusd@markPrice@1s"] == [by_name["btcusd_perp@markPrice@1s"]]


@pytest.mark.parametrize(
    ("name", "event", "symbol"),
    [
        ("btcusd@indexPriceKline_1m", "indexPrice_kline", "0"),
        ("btcusd_perp@markPriceKline_1m", "markPrice_kline", "BTCUSD_PERP"),
        ("btcusdt@markPriceKline_1m", "markPrice_kline", "BTCUSDT"),
    ],
)
def test_candles_of_prices_have_no_volume_and_close(client: Client, name: str, event: str, symbol: str) -> None:
    session = client.open("/ws/" + name)
    client.command(SetPrice("BTCUSD_PERP" if "usd_" in name or "usd@" in name else "BTCUSDT", 601_000))
    client.wait(61)
    running, *_, closed = client.take(session)
    assert (running["e"], running["k"]["s"], running["k"]["x"], closed["k"]["x"]) == (event, symbol, False, True)
    assert list(running["k"])[:10] == ["t", "T", "s", "i", "f", "L", "o", "c", "h", "l"]
    assert (float(running["k"]["c"]), running["k"]["v"], running["ps"]) == (60100, "0", running["ps"])
    kind = "index" if event.startswith("index") else "mark"
    product, key, value = ("fapi", "symbol", symbol) if symbol == "BTCUSDT" else ("dapi", "symbol", symbol)
    if kind == "index":
        product, key, value = "dapi", "pair", "BTCUSD"
    rest = client.get(f"/{product}/v1/{kind}PriceKlines", **{key: value}, interval="1m", limit=2)[0]
    assert [rest[0], *rest[1:5]] == [closed["k"][letter] for letter in "tohlc"]


def test_continuous_candles_of_coin_margined_contracts_go_by_pair(client: Client) -> None:
    session = client.open("/ws/btcusd_perpetual@continuousKline_1m", origin="dstream")
    client.command(PrintTrade("BTCUSD_PERP", 600_500, 2, Side.BUY))
    client.wait(1)
    message = client.take(session)[0]
    assert (message["e"], message["ps"], message["ct"]) == ("continuous_kline", "BTCUSD", "PERPETUAL")


def test_liquidation_is_told_to_everybody_once_a_second(client: Client) -> None:
    names = "btcusdt@forceOrder/!forceOrder@arr/ethusdt@forceOrder"
    session = client.open("/market/stream", f"streams={names}")
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=100)
    client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    client.market(quantity="0.100")
    client.wait(1)
    client.take(session)
    client.command(SetPrice("BTCUSDT", 590_000))
    client.wait(3)
    heard = client.take(session)
    assert sorted(row["stream"] for row in heard) == ["!forceOrder@arr", "btcusdt@forceOrder"]
    told = heard[0]["data"]
    assert (told["e"], told["st"], told["o"]["s"], told["o"]["S"], told["o"]["X"]) == (
        "forceOrder",
        1,
        "BTCUSDT",
        "SELL",
        "FILLED",
    )
    assert (told["o"]["q"], told["o"]["z"]) == ("0.100", "0.100")


def test_book_without_retail_orders_chains_like_the_whole_one(client: Client) -> None:
    session = client.open("/public/stream", "streams=btcusdt@depth@500ms/btcusdt@rpiDepth@500ms")
    client.limit()
    client.wait(1)
    whole, without = client.take(session)
    assert whole["data"] == without["data"]


@pytest.mark.parametrize("name", ["!contractInfo", "tradingSession", "defiusdt@compositeIndex", "btcusdt@indexPrice"])
def test_stream_that_has_nothing_to_tell_keeps_quiet(client: Client, name: str) -> None:
    session = client.open("/market/ws")
    assert client.subscribe(session, name) == {"result": None, "id": 1}
    client.market()
    client.wait(5)
    assert client.take(session) == []


@pytest.mark.quirk("binance.env.maintenance-failover")
def test_closed_venue_is_silent_and_then_tells_what_changed_meanwhile(client: Client) -> None:
    names = "btcusdt@bookTicker/btcusdt@depth@100ms/ethusdt@bookTicker/btcusdt@trade"
    session = client.open("/public/stream", f"streams={names}")
    client.venue.maintenance(client.time().age_ns + 10 * SECOND_NS, client.time())
    client.command(AddLiquidity("BTCUSDT", Side.BUY, 600_000, 7))
    client.wait(9)
    assert client.take(session) == []
    client.wait(2)
    told = {message["stream"]: message["data"] for message in client.take(session)}
    assert sorted(told) == ["btcusdt@bookTicker", "btcusdt@depth@100ms"]
    best = client.get("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")
    assert (told["btcusdt@bookTicker"]["b"], told["btcusdt@bookTicker"]["B"]) == ("60000.0", "0.007")
    assert float(best["bidPrice"]) == 60000
    assert told["btcusdt@depth@100ms"]["b"] == [["60000.0", "0.007"]]


# --- whatever comes ---------------------------------------------------------------------------------------------------

_WORDS = [
    *["btcusdt", "BTCUSDT", "btcusd", "btcusd_perp", "!", "@", "@arr", "@1s", "@depth", "@kline_", "1m", "1s", "_"],
    *[
        "@100ms",
        "depth5",
        "indexPriceKline_1m",
        "perpetual",
        "@continuousKline_1h",
        "@markPrice",
        "%",
        "\x00",
        "\U0001f600",
    ],
]
_PARTS = st.sampled_from([*_WORDS, "", "x" * 300])


@given(parts=st.lists(_PARTS, max_size=5), text=st.text(max_size=20))
def test_every_name_is_acknowledged_and_none_breaks_the_venue(parts: list[str], text: str) -> None:
    client = _VENUES[0]
    session = client.open("/market/ws")
    client.now_ns += SECOND_NS
    for name in ("".join(parts), text):
        assert client.subscribe(session, name) == {"result": None, "id": 1}
    client.send(session, {"method": "LIST_SUBSCRIPTIONS", "id": 2})
    assert set(client.take(session)[-1]["result"]) == {"".join(parts), text}
    client.venue.closed(session, client.time())


_VENUES = [Client()]
"""One venue for all examples: opening one takes longer than a name."""
_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL"]), st.integers(5990, 6010), st.integers(2, 400), st.sampled_from([0, 0.03, 0.3])
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.quirk("binance.ws.depth-gap")
@settings(max_examples=15)
@given(changes=_CHANGES, speed=st.sampled_from(["", "@100ms", "@250ms", "@500ms"]), joins_after=st.integers(0, 5))
def test_chain_of_changes_always_leads_to_the_book_that_rest_tells(
    changes: list[tuple[str, int, int, float]], speed: str, joins_after: int
) -> None:
    client = Client()
    session, snapshot = 0, dict[str, Any]()
    for number, (side, price, lots, pause_s) in enumerate(changes):
        if number == min(joins_after, len(changes) - 1):
            session = client.open(f"/public/ws/btcusdt@depth{speed}")
            snapshot = client.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1000)
        client.limit(side=side, price=f"{price}0", quantity=f"{lots / 1000:.3f}")
        client.wait(pause_s)
    client.wait(1)
    assert rebuilt(snapshot, client.take(session)) == sides(client.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1000))


def rebuilt(snapshot: dict[str, Any], events: list[Any]) -> dict[str, dict[str, str]]:
    """The book that the vendor's recipe gives; every event must chain to the one before it."""
    books, last = sides(snapshot), snapshot["lastUpdateId"]
    for event in events:
        assert event["U"] <= event["u"]
        if event["u"] < last:
            continue
        assert event["pu"] == last or event["U"] <= last <= event["u"]
        last = event["u"]
        for side, key in (("bids", "b"), ("asks", "a")):
            books[side].update(dict(event[key]))
    return {side: {price: lots for price, lots in rows.items() if float(lots)} for side, rows in books.items()}


def sides(book: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Both sides of a book as price → amount."""
    return {side: dict(book[side]) for side in ("bids", "asks")}

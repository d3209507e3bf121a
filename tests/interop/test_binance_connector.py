"""Binance's older connector, unmodified, REST and bare stream paths, against a simulator in a process of its own."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from binance.cm_futures import CMFutures
from binance.error import ClientError
from binance.um_futures import UMFutures
from binance.websocket.cm_futures.websocket_client import CMFuturesWebsocketClient
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient

from .conftest import Serve, Served

pytestmark = pytest.mark.interop

SYMBOL = "BTCUSDT"
INSTRUMENT = "BTC/USDT:USDT"
Json = dict[str, Any]


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve("binance", "--seed", "7")


@pytest.fixture
def client(served: Served) -> Iterator[UMFutures]:
    keys = {"key": served.credentials["apiKey"], "secret": served.credentials["secret"]}
    futures = UMFutures(**keys, base_url=served.rest, show_limit_usage=False, timeout=10)
    yield futures
    futures.session.close()


class Stream:
    """A socket of the connector, and what it heard so far."""

    def __init__(self, url: str, kind: Callable[..., Any], *, is_combined: bool = False) -> None:
        self.heard: queue.Queue[Json] = queue.Queue()
        self.socket = kind(stream_url=url, on_message=self._take, on_error=self._end, is_combined=is_combined)

    def _take(self, _socket: object, text: str) -> None:
        self.heard.put(json.loads(text))

    def _end(self, _socket: object, _error: Exception) -> None:
        """The socket was closed."""

    def next(self, fits: Callable[[Json], bool]) -> Json:
        """The next message that fits."""
        while True:
            message = self.heard.get(timeout=15)
            if fits(message):
                return message


@contextmanager
def _stream(
    served: Served, *, is_combined: bool = False, kind: Callable[..., Any] = UMFuturesWebsocketClient
) -> Iterator[Stream]:
    url = served.ws if kind is UMFuturesWebsocketClient else served.ready["origins"]["wss://dstream.binance.com"]
    stream = Stream(url, kind, is_combined=is_combined)
    try:
        yield stream
    finally:
        stream.socket.stop()
        stream.socket.socket_manager.ws.shutdown()


def _event(kind: str) -> Callable[[Json], bool]:
    return lambda message: message.get("e") == kind


def _price(client: UMFutures, percent: int) -> str:
    bid = Decimal(client.depth(SYMBOL, limit=5)["bids"][0][0])
    return str((bid * percent / 100).quantize(Decimal("0.1")))


def _buy(client: UMFutures, percent: int) -> Json:
    order: Json = client.new_order(
        symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.02", price=_price(client, percent)
    )
    return order


def test_market_data(client: UMFutures) -> None:
    assert client.ping() == {}
    assert isinstance(client.time()["serverTime"], int)
    assert SYMBOL in {symbol["symbol"] for symbol in client.exchange_info()["symbols"]}
    assert len(client.trades(SYMBOL, limit=10)) == 10
    assert len(client.historical_trades(SYMBOL, limit=10)) == 10
    assert len(client.agg_trades(SYMBOL, limit=10)) == 10
    for rows in (
        client.klines(SYMBOL, "1m", limit=5),
        client.continuous_klines(SYMBOL, "PERPETUAL", "1m", limit=5),
        client.mark_price_klines(SYMBOL, "1m", limit=5),
        client.index_price_klines(SYMBOL, "1m", limit=5),
    ):
        assert [later[0] - earlier[0] for earlier, later in pairwise(rows)] == [60_000] * 4
    best = client.book_ticker(SYMBOL)
    assert Decimal(best["bidPrice"]) < Decimal(best["askPrice"])
    day = client.ticker_24hr_price_change(SYMBOL)
    assert Decimal(day["lowPrice"]) <= Decimal(client.ticker_price(SYMBOL)["price"]) <= Decimal(day["highPrice"])
    assert Decimal(client.mark_price(SYMBOL)["lastFundingRate"]) == Decimal("0.0001")
    assert [row["symbol"] for row in client.funding_rate(SYMBOL, limit=2)] == [SYMBOL, SYMBOL]
    assert client.open_interest(SYMBOL)["symbol"] == SYMBOL
    assert len(client.open_interest_hist(SYMBOL, "5m", limit=3)) == 3


def test_whole_life(served: Served, client: UMFutures) -> None:
    [usdt] = [row for row in client.balance() if row["asset"] == "USDT"]
    assert Decimal(usdt["availableBalance"]) > 0
    order = _buy(client, 98)
    served.do("partly_fill", instrument=INSTRUMENT, order_id=str(order["orderId"]), amount="0.005")
    partly = client.query_order(SYMBOL, orderId=order["orderId"])
    assert (partly["status"], partly["executedQty"]) == ("PARTIALLY_FILLED", "0.005")

    lower = _price(client, 97)
    client.modify_order(SYMBOL, "BUY", 0.02, float(lower), orderId=order["orderId"])
    [listed] = client.get_orders(symbol=SYMBOL)
    assert (listed["orderId"], Decimal(listed["price"])) == (order["orderId"], Decimal(lower))
    canceled = client.cancel_order(SYMBOL, orderId=order["orderId"])
    assert (canceled["status"], canceled["executedQty"]) == ("CANCELED", "0.005")
    assert client.get_orders(symbol=SYMBOL) == []

    [position] = [row for row in client.get_position_risk() if Decimal(row["positionAmt"])]
    assert (position["symbol"], position["positionAmt"]) == (SYMBOL, "0.005")
    closed = client.new_order(
        symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.005", reduceOnly="true", newOrderRespType="RESULT"
    )
    assert closed["status"] == "FILLED"
    fills = client.get_account_trades(SYMBOL)
    assert [(fill["side"], fill["maker"]) for fill in fills] == [("BUY", True), ("SELL", False)]
    kinds = [row["incomeType"] for row in client.get_income_history()]
    assert sorted(kinds) == ["COMMISSION", "COMMISSION", "REALIZED_PNL"]
    assert [row["status"] for row in client.get_all_orders(SYMBOL)] == ["CANCELED", "FILLED"]
    assert client.account()["totalInitialMargin"] == "0.00000000"


def test_batches_and_settings(client: UMFutures) -> None:
    good = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "newClientOrderId": "b-1"}
    good |= {"quantity": "0.02", "price": _price(client, 98)}
    placed, refused = client.new_batch_order([good, good | {"quantity": "0.0001"}])
    assert (placed["clientOrderId"], refused["code"]) == ("b-1", -1111)
    [canceled] = client.cancel_batch_order(SYMBOL, orderIdList=[placed["orderId"]], origClientOrderIdList=[])
    assert canceled["status"] == "CANCELED"
    assert client.change_leverage(SYMBOL, 9)["leverage"] == 9
    assert client.change_margin_type(SYMBOL, "ISOLATED")["code"] == 200
    assert client.get_position_mode() == {"dualSidePosition": False}
    assert client.commission_rate(SYMBOL)["symbol"] == SYMBOL


def test_refusals(client: UMFutures) -> None:
    with pytest.raises(ClientError) as refused:
        client.new_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="100")
    error = refused.value
    assert (error.status_code, error.error_code, error.error_message) == (400, -2019, "Margin is insufficient.")
    with pytest.raises(ClientError) as refused:
        client.query_order(SYMBOL, orderId=4_000_000)
    assert refused.value.error_code == -2013


def test_market_streams(served: Served) -> None:
    with _stream(served) as stream:
        stream.socket.diff_book_depth(SYMBOL, speed=100)
        stream.socket.mark_price(SYMBOL, speed=1)
        stream.socket.book_ticker(SYMBOL)
        first = stream.next(_event("depthUpdate"))
        assert stream.next(_event("depthUpdate"))["pu"] == first["u"]
        assert stream.next(_event("markPriceUpdate"))["s"] == SYMBOL
        assert Decimal(stream.next(_event("bookTicker"))["b"]) > 0
    with _stream(served, is_combined=True) as stream:
        stream.socket.mark_price(SYMBOL, speed=1)
        message = stream.next(lambda message: "stream" in message)
        assert (message["stream"], message["data"]["e"]) == ("btcusdt@markPrice@1s", "markPriceUpdate")


def test_user_stream(served: Served, client: UMFutures) -> None:
    key = client.new_listen_key()["listenKey"]
    with _stream(served) as stream:
        stream.socket.user_data(key, id=1)
        stream.next(lambda message: message.get("id") == 1)
        order = _buy(client, 98)
        new = stream.next(_event("ORDER_TRADE_UPDATE"))["o"]
        assert (new["i"], new["x"]) == (order["orderId"], "NEW")
        served.do("partly_fill", instrument=INSTRUMENT, order_id=str(order["orderId"]), amount="0.005")
        trade = stream.next(_event("ORDER_TRADE_UPDATE"))["o"]
        assert (trade["x"], trade["X"], trade["z"]) == ("TRADE", "PARTIALLY_FILLED", "0.005")
        assert stream.next(_event("ACCOUNT_UPDATE"))["a"]["P"][0]["pa"] == "0.005"
        assert client.renew_listen_key(key)["listenKey"] == key
        client.cancel_open_orders(SYMBOL)
        assert stream.next(_event("ORDER_TRADE_UPDATE"))["o"]["X"] == "CANCELED"
    assert client.close_listen_key(key) == {}


# --- COIN-M -----------------------------------------------------------------------------------------------------------

COIN = "BTCUSD_PERP"
PAIR = "BTCUSD"


@pytest.fixture
def coin(served: Served) -> Iterator[CMFutures]:
    keys = {"key": served.credentials["apiKey"], "secret": served.credentials["secret"]}
    url = served.ready["origins"]["https://dapi.binance.com"]
    futures = CMFutures(**keys, base_url=url, show_limit_usage=False, timeout=10)
    yield futures
    futures.session.close()


def _coin_price(coin: CMFutures, percent: int) -> str:
    bid = Decimal(coin.depth(COIN, limit=5)["bids"][0][0])
    return str((bid * percent / 100).quantize(Decimal("0.1")))


def test_coin_market_data(coin: CMFutures) -> None:
    assert COIN in {symbol["symbol"] for symbol in coin.exchange_info()["symbols"]}
    assert len(coin.trades(COIN, limit=10)) == len(coin.agg_trades(COIN, limit=10)) == 10
    for rows in (
        coin.klines(COIN, "1m", limit=5),
        coin.continuous_klines(PAIR, "PERPETUAL", "1m", limit=5),
        coin.mark_price_klines(COIN, "1m", limit=5),
        coin.index_price_klines(PAIR, "1m", limit=5),
    ):
        assert [later[0] - earlier[0] for earlier, later in pairwise(rows)] == [60_000] * 4
    [best] = coin.book_ticker(COIN)
    assert Decimal(best["bidPrice"]) < Decimal(best["askPrice"])
    [day] = coin.ticker_24hr_price_change(COIN)
    assert Decimal(day["lowPrice"]) <= Decimal(day["lastPrice"]) <= Decimal(day["highPrice"])
    assert {row["symbol"] for row in coin.mark_price(COIN)} >= {COIN}
    assert [row["symbol"] for row in coin.funding_rate(COIN, limit=2)] == [COIN, COIN]
    assert coin.open_interest(COIN)["pair"] == PAIR
    assert len(coin.open_interest_hist(PAIR, "PERPETUAL", "5m", limit=3)) == 3


def test_coin_whole_life(served: Served, coin: CMFutures) -> None:
    order = coin.new_order(
        symbol=COIN, side="BUY", type="LIMIT", timeInForce="GTC", quantity="10", price=_coin_price(coin, 98)
    )
    served.do("partly_fill", instrument="BTC/USD:BTC", order_id=str(order["orderId"]), amount="4")
    partly = coin.query_order(COIN, orderId=order["orderId"])
    assert (partly["status"], partly["executedQty"]) == ("PARTIALLY_FILLED", "4")
    lower = _coin_price(coin, 97)
    coin.modify_order(COIN, "BUY", orderId=order["orderId"], quantity=10, price=float(lower))
    [listed] = coin.get_orders(symbol=COIN)
    assert Decimal(listed["price"]) == Decimal(lower)
    assert coin.cancel_order(COIN, orderId=order["orderId"])["status"] == "CANCELED"
    closed = coin.new_order(
        symbol=COIN, side="SELL", type="MARKET", quantity="4", reduceOnly="true", newOrderRespType="RESULT"
    )
    assert closed["status"] == "FILLED"
    fills = coin.get_account_trades(symbol=COIN)
    assert [(fill["side"], fill["maker"], fill["commissionAsset"]) for fill in fills] == [
        ("BUY", True, "BTC"),
        ("SELL", False, "BTC"),
    ]
    kinds = [(row["incomeType"], row["asset"]) for row in coin.get_income_history()]
    assert sorted(kinds) == [("COMMISSION", "BTC"), ("COMMISSION", "BTC"), ("REALIZED_PNL", "BTC")]
    assert coin.change_leverage(COIN, 9)["leverage"] == 9
    assert coin.change_margin_type(COIN, "ISOLATED")["code"] == 200
    assert coin.change_position_mode("true")["code"] == 200
    assert coin.get_position_mode() == {"dualSidePosition": True}


def test_coin_streams(served: Served, coin: CMFutures) -> None:
    key = coin.new_listen_key()["listenKey"]
    with _stream(served, kind=CMFuturesWebsocketClient) as stream:
        stream.socket.mark_price(COIN, speed=1)
        stream.socket.index_price(PAIR, speed=1)
        assert stream.next(_event("markPriceUpdate"))["s"] == COIN
        assert stream.next(_event("indexPriceUpdate"))["i"] == PAIR
        stream.socket.user_data(key, id=1)
        stream.next(lambda message: message.get("id") == 1)
        coin.new_order(symbol=COIN, side="BUY", type="MARKET", quantity="5")
        order = stream.next(_event("ORDER_TRADE_UPDATE"))["o"]
        assert (order["s"], order["ma"]) == (COIN, "BTC")
        assert stream.next(_event("ACCOUNT_UPDATE"))["a"]["P"][0]["pa"] == "5"

"""Bybit's own Python SDK, unmodified, against a simulator in a process of its own."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pybit import _websocket_trading, unified_trading
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP, WebSocket, WebSocketTrading

from .conftest import Serve, Served

pytestmark = pytest.mark.interop

Json = dict[str, Any]
BTC: Json = {"category": "linear", "symbol": "BTCUSDT"}
COIN: Json = {"category": "inverse", "symbol": "BTCUSD"}


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve("bybit", "--seed", "7")


def _keys(served: Served) -> dict[str, str]:
    return {"api_key": served.credentials["apiKey"], "api_secret": served.credentials["secret"]}


@pytest.fixture
def http(served: Served) -> Iterator[Any]:
    session: Any = HTTP(**_keys(served), max_retries=1)
    session.endpoint = served.rest
    yield session
    session.client.close()


def _result(answer: Json) -> Any:
    assert answer["retCode"] == 0
    return answer["result"]


def _price(http: Any, wanted: Json, percent: int) -> str:
    [ticker] = _result(http.get_tickers(**wanted))["list"]
    return str(int(float(ticker["lastPrice"]) * percent / 100))


class Heard:
    """What a socket of the SDK heard."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Json] = queue.Queue()

    def __call__(self, message: Json) -> None:
        self.messages.put(message)

    def next(self, fits: Callable[[Json], bool]) -> Json:
        """The next message that fits."""
        while True:
            message = self.messages.get(timeout=15)
            if fits(message):
                return message


@contextmanager
def _socket(kind: Callable[..., Any], served: Served, **more: Any) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unified_trading, "PRIVATE_WSS", f"{served.ws}/v5/private")
        patch.setattr(unified_trading, "PUBLIC_WSS", f"{served.ws}/v5/public/{{CHANNEL_TYPE}}")
        patch.setattr(_websocket_trading, "TRADE_WSS", f"{served.ws}/v5/trade")
        socket = kind(testnet=False, **more)
    try:
        yield socket
    finally:
        socket.exit()


def _has_row(**wanted: str) -> Callable[[Json], bool]:
    return lambda message: any(wanted.items() <= row.items() for row in message["data"])


def test_the_market(http: Any) -> None:
    assert int(_result(http.get_server_time())["timeSecond"]) > 0
    for wanted in (BTC, COIN):
        [row] = _result(http.get_instruments_info(**wanted))["list"]
        assert row["symbol"] == wanted["symbol"]
        book = _result(http.get_orderbook(**wanted, limit=50))
        assert float(book["b"][0][0]) < float(book["a"][0][0])
        assert len(_result(http.get_kline(**wanted, interval="1", limit=5))["list"]) == 5
        assert len(_result(http.get_public_trade_history(**wanted, limit=5))["list"]) == 5
        assert len(_result(http.get_funding_rate_history(**wanted, limit=5))["list"]) == 5
        assert _result(http.get_open_interest(**wanted, intervalTime="5min", limit=2))["list"]


@pytest.mark.parametrize(("wanted", "qty"), [(BTC, "0.02"), (COIN, "1000")], ids=["linear", "inverse"])
def test_an_orders_whole_life(served: Served, http: Any, wanted: Json, qty: str) -> None:
    price = _price(http, wanted, 98)
    made = _result(http.place_order(**wanted, side="Buy", orderType="Limit", qty=qty, price=price, orderLinkId="sdk-1"))
    named = {**wanted, "orderId": made["orderId"]}
    [row] = _result(http.get_open_orders(**named))["list"]
    assert (row["orderStatus"], row["price"], row["orderLinkId"]) == ("New", price, "sdk-1")
    http.amend_order(**named, price=_price(http, wanted, 97))
    with pytest.raises(InvalidRequestError, match="order not modified"):
        http.amend_order(**named, price=_price(http, wanted, 97))
    http.cancel_order(**named)
    with pytest.raises(InvalidRequestError, match="110001"):
        http.cancel_order(**named)
    [row] = _result(http.get_order_history(**named))["list"]
    assert row["orderStatus"] == "Cancelled"

    http.place_order(**wanted, side="Buy", orderType="Market", qty=qty)
    [position] = _result(http.get_positions(**wanted))["list"]
    assert (position["side"], position["size"]) == ("Buy", qty)
    http.set_trading_stop(**wanted, takeProfit=_price(http, wanted, 110), stopLoss=_price(http, wanted, 90))
    http.place_order(**wanted, side="Sell", orderType="Market", qty=qty, reduceOnly=True)
    assert len(_result(http.get_executions(**wanted))["list"]) == 2
    assert len(_result(http.get_closed_pnl(**wanted))["list"]) == 1
    assert _result(http.get_open_orders(**wanted))["list"] == []
    assert all(float(one["amount"]) == 0 for one in served.truth()["positions"])


def test_batches(http: Any) -> None:
    row = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": _price(http, BTC, 98)}
    made = http.place_batch_order(category="linear", request=[row, row | {"qty": "0.0001"}])
    assert [one["code"] for one in made["retExtInfo"]["list"]] == [0, 10001]
    assert len(_result(http.cancel_all_orders(**BTC))["list"]) == 1


def test_the_account_and_its_settings(http: Any) -> None:
    [wallet] = _result(http.get_wallet_balance(accountType="UNIFIED"))["list"]
    assert {row["coin"] for row in wallet["coin"]} >= {"USDT", "USDC", "BTC", "ETH"}
    assert _result(http.get_account_info())["unifiedMarginStatus"] == 6
    assert _result(http.get_api_key_information())["uta"] == 1
    assert _result(http.get_fee_rates(**BTC))["list"][0]["takerFeeRate"] == "0.00055"
    http.set_leverage(**BTC, buyLeverage="5", sellLeverage="5")
    http.switch_position_mode(**BTC, mode=3)
    http.place_order(**BTC, side="Sell", orderType="Market", qty="0.01", positionIdx=2)
    legs = _result(http.get_positions(**BTC))["list"]
    assert [(leg["positionIdx"], leg["size"], leg["leverage"]) for leg in legs] == [(1, "0", "5"), (2, "0.01", "5")]
    with pytest.raises(InvalidRequestError, match="110024"):
        http.switch_position_mode(**BTC, mode=0)


def test_who_asks_too_much_or_is_unknown(served: Served, http: Any) -> None:
    stranger: Any = HTTP(api_key="nobody", api_secret="nothing", max_retries=1)
    stranger.endpoint = served.rest
    with pytest.raises(InvalidRequestError, match="10003"):
        stranger.get_account_info()
    served.do("ban", for_s="30")
    with pytest.raises(FailedRequestError, match="403"):
        http.get_account_info()


def test_public_streams(served: Served) -> None:
    heard = Heard()
    with _socket(WebSocket, served, channel_type="linear") as socket:
        socket.orderbook_stream(50, "BTCUSDT", heard)
        socket.ticker_stream("BTCUSDT", heard)
        socket.trade_stream("BTCUSDT", heard)
        socket.kline_stream(1, "BTCUSDT", heard)
        assert heard.next(lambda one: one["topic"].startswith("orderbook"))["data"]["b"]
        assert heard.next(lambda one: one["topic"].startswith("tickers"))["data"]["lastPrice"]
        served.do("print_trade", instrument="BTC/USDT:USDT", price="60100", amount="0.5", side="buy")
        assert heard.next(lambda one: one["topic"].startswith("publicTrade"))["data"][0]["v"] == "0.5"
        assert heard.next(lambda one: one["topic"].startswith("kline"))["data"][0]["confirm"] is False


def test_private_streams_and_order_entry(served: Served, http: Any) -> None:
    told, answers = Heard(), Heard()
    with (
        _socket(WebSocket, served, channel_type="private", **_keys(served)) as private,
        _socket(WebSocketTrading, served, **_keys(served)) as trading,
    ):
        for subscribe in (private.order_stream, private.execution_stream, private.position_stream):
            subscribe(told)
        private.wallet_stream(told)
        row = {**BTC, "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": _price(http, BTC, 98)}
        trading.place_order(answers, **row)
        made = answers.next(lambda one: one["op"] == "order.create")["data"]["orderId"]
        told.next(_has_row(orderId=made, orderStatus="New"))
        trading.amend_order(answers, **BTC, orderId=made, price=_price(http, BTC, 97))
        assert answers.next(lambda one: one["op"] == "order.amend")["retCode"] == 0
        trading.cancel_order(answers, **BTC, orderId=made)
        assert answers.next(lambda one: one["op"] == "order.cancel")["retCode"] == 0
        told.next(_has_row(orderId=made, orderStatus="Cancelled"))
        http.place_order(**BTC, side="Buy", orderType="Market", qty="0.01")
        told.next(_has_row(execType="Trade", execQty="0.01"))
        told.next(_has_row(symbol="BTCUSDT", size="0.01", side="Buy"))
        assert told.next(lambda one: one["topic"] == "wallet")["data"][0]["accountType"] == "UNIFIED"

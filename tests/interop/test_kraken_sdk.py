"""python-kraken-sdk, unmodified, REST and streams over TLS, against a simulator in a process of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from kraken.exceptions import (
    KrakenAuthenticationError,
    KrakenInsufficientAvailableFundsError,
    KrakenNotFoundError,
)
from kraken.futures import Funding, FuturesWSClient, Market, Trade, User

from .conftest import Serve, Served

pytestmark = pytest.mark.interop

PF, PI = "PF_XBTUSD", "PI_XBTUSD"
Json = Any


class Sdk:
    """The SDK's classes at one simulator."""

    def __init__(self, served: Served, secret: str = "") -> None:
        self.keys = {"key": served.credentials["apiKey"], "secret": secret or served.credentials["secret"]}
        where = {**self.keys, "url": served.rest}
        self.market: Any = Market(**where)
        self.user: Any = User(**where)
        self.trade: Any = Trade(**where)
        self.funding: Any = Funding(**where)


@pytest.fixture
def served(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Served:
    found = serve("kraken", "--seed", "7", "--profile", "vendor", "--tls")
    monkeypatch.setenv("SSL_CERT_FILE", found.ready["ca"])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", found.ready["ca"])
    return found


@pytest.fixture
def sdk(served: Served) -> Sdk:
    return Sdk(served)


def _below(sdk: Sdk, symbol: str, percent: float = 98) -> int:
    [last] = [row["last"] for row in sdk.market.get_tickers()["tickers"] if row["symbol"] == symbol]
    return int(last * percent / 100)


def test_the_market(sdk: Sdk) -> None:
    assert {row["symbol"] for row in sdk.market.get_instruments()["instruments"]} >= {PF, PI, "in_xbtusd"}
    assert sdk.market.get_instruments_status(instrument=PF)["tradeable"] == PF
    assert len(sdk.market.get_instruments_status()["instrumentStatus"]) == 4
    assert len(sdk.market.get_orderbook(symbol=PF)["orderBook"]["bids"]) > 1
    assert len(sdk.market.get_trade_history(symbol=PF)["history"]) == 100
    assert sdk.market.get_historical_funding_rates(symbol=PF)["rates"] == []
    assert sdk.market.get_tick_types() == ["mark", "spot", "trade"]
    assert PF in sdk.market.get_tradeable_products(tick_type="trade")
    assert "1m" in sdk.market.get_resolutions(tick_type="trade", tradeable=PF)
    candles = sdk.market.get_ohlc(tick_type="trade", symbol=PF, resolution="1h")["candles"]
    assert isinstance(candles[0]["volume"], str)
    with pytest.warns(DeprecationWarning, match="22 June 2026"):
        assert sdk.market.get_fee_schedules()["feeSchedules"][0]["tiers"]
    for history in (sdk.market.get_public_execution_events, sdk.market.get_public_order_events):
        assert history(tradeable=PF)["elements"]
    assert sdk.market.get_public_mark_price_events(tradeable=PF)["elements"]


@pytest.mark.parametrize(("symbol", "size"), [(PF, 0.02), (PI, 1000)], ids=["linear", "inverse"])
def test_an_orders_whole_life(served: Served, sdk: Sdk, symbol: str, size: float) -> None:
    price = _below(sdk, symbol)
    made = sdk.trade.create_order(
        orderType="lmt", symbol=symbol, side="buy", size=size, limitPrice=price, cliOrdId="sdk 1+"
    )
    status = made["sendStatus"]
    assert (status["status"], status["cliOrdId"]) == ("placed", "sdk 1+")
    uid = status["order_id"]
    [state] = sdk.trade.get_orders_status(orderIds=[uid, "00000000-0000-4000-a000-000000000000"])["orders"]
    assert (state["status"], state["order"]["limitPrice"]) == ("ENTERED_BOOK", price)
    lower = _below(sdk, symbol, 97)
    edited = sdk.trade.edit_order(orderId=uid, limitPrice=lower)["editStatus"]
    assert (edited["status"], edited["orderId"]) == ("edited", uid)
    [row] = sdk.user.get_open_orders()["openOrders"]
    assert (row["order_id"], row["limitPrice"]) == (uid, lower)
    assert sdk.trade.cancel_order(order_id=uid)["cancelStatus"]["status"] == "cancelled"
    assert sdk.trade.cancel_order(order_id=uid)["cancelStatus"]["status"] == "notFound"

    sdk.trade.create_order(orderType="mkt", symbol=symbol, side="buy", size=size)
    [position] = sdk.user.get_open_positions()["openPositions"]
    assert (position["side"], position["size"]) == ("long", size)
    sdk.trade.create_order(orderType="stp", symbol=symbol, side="sell", size=size, stopPrice=price, reduceOnly=True)
    sdk.trade.create_order(orderType="mkt", symbol=symbol, side="sell", size=size, reduceOnly=True)
    assert len(sdk.trade.get_fills()["fills"]) == 2
    [gone] = sdk.trade.cancel_all_orders(symbol=symbol)["cancelStatus"]["cancelledOrders"]
    assert gone["order_id"] != uid
    assert sdk.trade.dead_mans_switch(timeout=60)["status"]["triggerTime"] != "0"
    assert all(float(one["amount"]) == 0 for one in served.truth()["positions"])
    assert len(sdk.user.get_order_events()["elements"]) >= 4
    assert len(sdk.user.get_execution_events()["elements"]) == 2
    assert len(sdk.user.get_trigger_events()["elements"]) == 2
    infos = [row["info"] for row in sdk.user.get_account_log()["logs"]]
    assert (infos.count("futures trade"), set(infos) <= {"futures trade", "funding rate change"}) == (4, True)


def test_batches(sdk: Sdk) -> None:
    row = {"orderType": "lmt", "symbol": PF, "side": "buy", "size": 0.01, "limitPrice": _below(sdk, PF)}
    rows = [{"order": "send", "order_tag": "1", "cliOrdId": "b1", **row}, {"order": "cancel", "cliOrdId": "b1"}]
    told = sdk.trade.create_batch_order(batchorder_list=rows)["batchStatus"]
    assert [one["status"] for one in told] == ["placed", "cancelled"]
    with pytest.raises(KrakenNotFoundError):
        sdk.trade.create_batch_order(batchorder_list=rows[1:])


def test_the_account_and_its_settings(sdk: Sdk) -> None:
    assert list(sdk.user.get_wallets()["accounts"]) == ["cash", "fi_xbtusd", "flex"]
    sdk.funding.initiate_wallet_transfer(amount=10, fromAccount="cash", toAccount="flex", unit="usd")
    sdk.market.set_leverage_preference(symbol=PF, maxLeverage=5)
    assert sdk.market.get_leverage_preference()["leveragePreferences"] == [{"symbol": PF, "maxLeverage": 5}]
    sdk.market.set_leverage_preference(symbol=PF)
    assert sdk.market.get_leverage_preference()["leveragePreferences"] == []
    sdk.market.set_pnl_preference(symbol=PF, pnlPreference="USD")
    assert sdk.market.get_pnl_preference()["preferences"] == [{"symbol": PF, "pnlCurrency": "USD"}]
    assert sdk.user.get_notifications()["notifications"] == []
    assert sdk.user.get_subaccounts()["subaccounts"] == []
    assert sdk.user.get_unwind_queue()["queue"] == []


def test_refusals(served: Served, sdk: Sdk) -> None:
    with pytest.raises(KrakenInsufficientAvailableFundsError):
        sdk.trade.create_order(orderType="mkt", symbol=PF, side="buy", size=400)
    unknown = sdk.trade.create_order(orderType="mkt", symbol="PF_NONEUSD", side="buy", size=1)
    assert unknown["error"] == "invalidArgument: symbol"  # the SDK knows the words without what follows them
    with pytest.raises(KrakenAuthenticationError):
        Sdk(served, "bm90IHRoZSBzZWNyZXQ=").user.get_wallets()
    with pytest.raises(Exception, match=r"401.*not authorized"):
        Sdk(served, "bm90IHRoZSBzZWNyZXQ=").user.get_order_events()
    with pytest.raises(Exception, match=r"404.*notFound"):
        sdk.user.request("GET", "/derivatives/api/v3/nothing", auth=False)


async def _next(heard: asyncio.Queue[Json], fits: Callable[[Json], bool]) -> Json:
    """The next message that fits."""
    while True:
        message = await asyncio.wait_for(heard.get(), 15)
        if fits(message):
            return message


def _feed(name: str) -> Callable[[Json], bool]:
    return lambda message: message.get("feed") == name and "event" not in message


def test_streams(served: Served, sdk: Sdk) -> None:
    heard: asyncio.Queue[Json] = asyncio.Queue()

    async def put(message: Json) -> None:
        heard.put_nowait(message)

    async def story() -> None:
        url = served.ws.split("://", 1)[1] + "/ws/v1"
        client: Any = FuturesWSClient(**sdk.keys, url=url, callback=put)
        await client.start()
        for feed in ("book", "ticker", "trade"):
            await client.subscribe(feed=feed, products=[PF])
        assert (await _next(heard, _feed("book_snapshot")))["bids"]
        assert (await _next(heard, _feed("trade_snapshot")))["trades"]
        for feed in ("open_orders", "fills", "balances", "open_positions"):
            await client.subscribe(feed=feed)
            assert await _next(heard, lambda one: one.get("event") == "subscribed" and "api_key" in one)
        made = await asyncio.to_thread(sdk.trade.create_order, orderType="mkt", symbol=PF, side="buy", size=0.01)
        fill = await _next(heard, _feed("fills"))
        assert fill["fills"][0]["order_id"] == made["sendStatus"]["order_id"]
        held = await _next(heard, lambda one: one.get("feed") == "open_positions" and bool(one.get("positions")))
        assert held["positions"][0]["balance"] == 0.01
        await client.unsubscribe(feed="fills")
        await _next(heard, lambda one: one.get("event") == "unsubscribed")
        await client.close()

    asyncio.run(story())
    assert json.dumps(served.truth()["positions"])

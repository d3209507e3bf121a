"""OKX's own SDK, unmodified, REST and streams over TLS, against a simulator in a process of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from okx.Account import AccountAPI
from okx.MarketData import MarketAPI
from okx.PublicData import PublicAPI
from okx.Trade import TradeAPI
from okx.websocket.WsPrivateAsync import WsPrivateAsync
from okx.websocket.WsPublicAsync import WsPublicAsync

from .conftest import Serve, Served

pytestmark = pytest.mark.interop

SWAP, COIN = "BTC-USDT-SWAP", "BTC-USD-SWAP"
LIVE, DEMO = "0", "1"
Json = Any


class Sdk:
    """The SDK's classes at one simulator; `flag` says live or demo trading."""

    def __init__(self, served: Served, flag: str = LIVE) -> None:
        self.keys = [served.credentials[name] for name in _names(flag)]
        where = {"flag": flag, "domain": served.rest.rstrip("/")}
        key, secret, passphrase = self.keys
        self.account = AccountAPI(key, secret, passphrase, **where)
        self.trade = TradeAPI(key, secret, passphrase, **where)
        self.market = MarketAPI(**where)
        self.public = PublicAPI(**where)

    def close(self) -> None:
        """Close its connections."""
        for one in (self.account, self.trade, self.market, self.public):
            one.close()


def _names(flag: str) -> tuple[str, str, str]:
    if flag == DEMO:
        return "demoApiKey", "demoSecret", "demoPassword"
    return "apiKey", "secret", "password"


@pytest.fixture
def served(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Served:
    found = serve("okx", "--seed", "7", "--tls")
    monkeypatch.setenv("SSL_CERT_FILE", found.ready["ca"])
    return found


@pytest.fixture
def sdk(served: Served) -> Iterator[Sdk]:
    with closing(Sdk(served)) as live:
        yield live


def rows(answer: Json) -> Json:
    """The rows of an answer that must be a success."""
    assert answer["code"] == "0", answer
    return answer["data"]


def test_the_market(sdk: Sdk) -> None:
    assert {row["instId"] for row in rows(sdk.public.get_instruments(instType="SWAP"))} >= {SWAP, COIN}
    assert 59_000 < float(rows(sdk.market.get_ticker(instId=SWAP))[0]["last"]) < 61_000
    assert len(rows(sdk.market.get_candlesticks(instId=SWAP, bar="1H", limit="10"))) == 10
    assert len(rows(sdk.market.get_orderbook(instId=SWAP, sz="5"))[0]["bids"]) == 5
    assert rows(sdk.public.get_funding_rate(instId=SWAP))[0]["nextFundingRate"] == ""
    assert float(rows(sdk.public.get_open_interest(instType="SWAP", instId=SWAP))[0]["oi"]) >= 2_500_000
    assert sdk.market.get_ticker(instId="NOTHING")["code"] == "51001"


@pytest.mark.parametrize(("instrument", "size"), [(SWAP, "2"), (COIN, "20")])
def test_the_life_of_an_order(sdk: Sdk, instrument: str, size: str) -> None:
    terms = {"instId": instrument, "tdMode": "cross", "side": "buy", "sz": size}
    [placed] = rows(sdk.trade.place_order(**terms, ordType="limit", px="59000", clOrdId="abc1"))
    named = {"instId": instrument, "ordId": placed["ordId"]}
    rows(sdk.trade.amend_order(**named, newPx="58000"))
    [told] = rows(sdk.trade.get_order(**named))
    assert (told["px"], told["state"], told["clOrdId"]) == ("58000", "live", "abc1")
    assert [row["ordId"] for row in rows(sdk.trade.get_order_list())] == [placed["ordId"]]
    rows(sdk.trade.cancel_order(**named))
    batch = [{**terms, "ordType": "limit", "px": px} for px in ("59000", "59000.05")]
    assert sdk.trade.place_multiple_orders(batch)["code"] == "2"
    rows(sdk.trade.place_order(**terms, ordType="market"))
    [position] = rows(sdk.account.get_positions(instId=instrument))
    assert (position["pos"], position["mgnMode"]) == (size, "cross")
    [algo] = rows(
        sdk.trade.place_algo_order(
            instId=instrument,
            tdMode="cross",
            side="sell",
            ordType="conditional",
            sz=size,
            slTriggerPx="55000",
            slOrdPx="-1",
        )
    )
    assert len(rows(sdk.trade.order_algos_list(ordType="conditional"))) == 1
    rows(sdk.trade.cancel_algo_order([{"instId": instrument, "algoId": algo["algoId"]}]))
    rows(sdk.trade.close_positions(instId=instrument, mgnMode="cross"))
    assert rows(sdk.account.get_positions()) == []
    assert len(rows(sdk.trade.get_fills_history(instType="SWAP"))) == 2


def test_the_account(sdk: Sdk) -> None:
    assert rows(sdk.account.get_account_config())[0]["posMode"] == "net_mode"
    assert rows(sdk.account.get_account_balance(ccy="USDT"))[0]["details"][0]["eq"] == "100000"
    rows(sdk.account.set_leverage(instId=SWAP, lever="5", mgnMode="isolated"))
    assert rows(sdk.account.get_leverage(instId=SWAP, mgnMode="isolated"))[0]["lever"] == "5"
    rows(sdk.account.set_position_mode(posMode="long_short_mode"))
    assert rows(sdk.account.get_fee_rates(instType="SWAP", instFamily="BTC-USDT"))[0]["takerU"] == "-0.0005"


def test_demo_trading_is_what_the_sdk_is_for_unless_told_otherwise(served: Served) -> None:
    with closing(Sdk(served, DEMO)) as demo:
        assert rows(demo.account.get_account_config())
    key, secret, passphrase = (served.credentials[name] for name in _names(LIVE))
    with closing(AccountAPI(key, secret, passphrase, domain=served.rest.rstrip("/"))) as forgot:
        assert forgot.get_account_config()["code"] == "50101"


class Ear:
    """What a socket heard."""

    def __init__(self) -> None:
        self.heard: list[Json] = []

    def __call__(self, message: str) -> None:
        self.heard.append(json.loads(message))

    async def until(self, fits: Callable[[Json], bool]) -> Json:
        """The first message that fits."""
        for _ in range(200):
            for one in self.heard:
                if fits(one):
                    return one
            await asyncio.sleep(0.05)
        raise AssertionError(self.heard)


def _row_of(channel: str) -> Callable[[Json], bool]:
    return lambda one: one.get("arg", {}).get("channel") == channel and "data" in one


def _origin(served: Served) -> str:
    return served.ws.rstrip("/") + "/ws/v5/"


def test_streams(served: Served, sdk: Sdk) -> None:

    async def flow() -> None:
        key, secret, passphrase = sdk.keys
        public, private = (
            WsPublicAsync(_origin(served) + "public"),
            WsPrivateAsync(key, passphrase, secret, _origin(served) + "private"),
        )
        ears = Ear(), Ear()
        tasks = [await public.start(), await private.start()]
        await public.subscribe([{"channel": "books", "instId": SWAP}], ears[0])
        snapshot = await ears[0].until(_row_of("books"))
        assert (snapshot["action"], snapshot["data"][0]["prevSeqId"]) == ("snapshot", -1)
        await private.subscribe([{"channel": "orders", "instType": "SWAP"}, {"channel": "account"}], ears[1])
        await ears[1].until(_row_of("account"))
        code = rows(sdk.public.get_instruments(instType="SWAP", instId=SWAP))[0]["instIdCode"]
        order = {"instIdCode": code, "tdMode": "cross", "side": "buy", "ordType": "market", "sz": "1"}
        await private.place_order([order], id="1512")
        answer = await ears[1].until(lambda one: one.get("id") == "1512")
        assert (answer["code"], answer["op"]) == ("0", "order")
        filled = await ears[1].until(lambda one: _row_of("orders")(one) and one["data"][0]["state"] == "filled")
        assert filled["data"][0]["ordId"] == answer["data"][0]["ordId"]
        await asyncio.gather(public.stop(), private.stop())
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(flow())

"""deribit-py, unmodified, against a Deribit simulator in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from deribit import DeribitClient

from .conftest import Serve, Served

pytestmark = pytest.mark.interop

BTC = "BTC-PERPETUAL"
Flow = Callable[[Any, Served], Awaitable[None]]


def _client(served: Served) -> Any:
    return DeribitClient(served.credentials["apiKey"], served.credentials["secret"])


@asynccontextmanager
async def _opened(served: Served) -> AsyncIterator[Any]:
    client = _client(served)
    client.rest.BASE_URL = f"{served.rest}/api/v2"
    client.ws.url = f"{served.ws}/ws/api/v2"
    try:
        yield client
    finally:
        await client.close()


def _run(serve: Serve, flow: Flow) -> None:
    served = serve("deribit", "--seed", "7")

    async def main() -> None:
        async with _opened(served) as client:
            await flow(client, served)

    asyncio.run(main())


async def _read(client: Any, served: Served) -> None:
    rest = client.rest
    assert isinstance(await rest.get_time(), int)
    options = await rest.get_instruments("BTC")
    assert {row["kind"] for row in options} == {"option"}
    ticker = await rest.get_ticker(options[0]["instrument_name"])
    assert set(ticker["greeks"]) == {"delta", "gamma", "vega", "theta", "rho"}
    book = await rest.get_order_book(BTC, 5)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert len((await rest.get_last_trades_by_instrument(BTC, 3))["trades"]) == 3
    assert await rest.get_book_summary_by_currency("ETH", "future")


async def _log_on(rest: Any) -> None:
    """Its own `authenticate` looks for the result within the result and raises whatever the venue says: the token is
    set by hand, as its users must.
    """
    keys = {"client_id": rest.client_id, "client_secret": rest.client_secret}
    given = await rest.public_request("public/auth", {"grant_type": "client_credentials", **keys})
    rest.access_token = given["access_token"]


async def _trade(client: Any, served: Served) -> None:
    rest = client.rest
    await _log_on(rest)
    with pytest.raises(Exception, match="-32602"):  # its default time in force has one l too many
        await rest.buy(BTC, 100, "limit", 59000)
    placed = await rest.buy(BTC, 100, "limit", 59000, label="sdk", time_in_force="good_til_cancelled")
    order = placed["order"]
    assert (order["order_state"], order["label"], order["post_only"]) == ("open", "sdk", False)
    assert [row["order_id"] for row in await rest.get_open_orders_by_instrument(BTC)] == [order["order_id"]]
    edited = await rest.edit(order["order_id"], 50, 58000)
    assert (edited["order"]["amount"], edited["order"]["price"]) == (50.0, 58000.0)
    assert (await rest.cancel(order["order_id"]))["order_state"] == "cancelled"
    await rest.buy(BTC, 100, "market", time_in_force="immediate_or_cancel")
    [position] = await rest.get_positions("BTC", "future")
    assert (position["size"], position["direction"]) == (100.0, "buy")
    assert len((await rest.get_user_trades_by_instrument(BTC))["trades"]) == 1
    assert (await rest.get_account_summary("BTC"))["username"] == "trader"
    assert len(await rest.get_subaccounts(True)) == 1
    assert await rest.cancel_all() == 0


async def _listen(client: Any, served: Served) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    await client.ws.connect()
    assert await client.ws.subscribe([f"book.{BTC}.100ms"], heard.put_nowait) == [f"book.{BTC}.100ms"]
    assert (await asyncio.wait_for(heard.get(), 10))["type"] == "snapshot"
    bought = await client.ws.buy(BTC, 100, "market")
    assert bought["order"]["order_state"] == "filled"
    change = await asyncio.wait_for(heard.get(), 10)
    assert change["asks"]
    assert (await client.ws.get_positions("BTC", "future"))[0]["size"] == 100.0
    with pytest.raises(Exception, match="13020"):
        await client.ws.get_ticker("BTC-NOTHING")
    assert await client.ws.unsubscribe_all() == "ok"


def test_reading(serve: Serve) -> None:
    _run(serve, _read)


def test_trading(serve: Serve) -> None:
    _run(serve, _trade)


def test_streaming(serve: Serve) -> None:
    _run(serve, _listen)

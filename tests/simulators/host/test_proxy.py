"""TLS and the proxy: production URLs lead to the venue's simulator, and nowhere else."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
import pytest

from venueproof.virtual import RealClock
from venueproof_simulators.host.journal import RowKind
from venueproof_simulators.host.proxy import Proxy
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.tls import Authority

Live = Callable[..., Simulator]
World = Any
API = "https://api.toy.example"
STREAM = "wss://stream.toy.example"


def _through(tell: Callable[[World, Proxy], Awaitable[None]]) -> Callable[[World], Awaitable[None]]:
    """A story with a proxy in it."""

    async def story(world: World) -> None:
        with Authority() as authority:
            proxy = Proxy([world.simulator], authority, client="192.0.2.9")
            await proxy.start()
            try:
                await tell(world, proxy)
            finally:
                await proxy.stop()

    return story


def test_production_urls_lead_to_their_origin(live: Live, virtual: Live) -> None:
    async def tell(world: World, proxy: Proxy) -> None:
        context = proxy.authority.client_context()
        for url, origin in (
            (API, "api"),
            ("http://api.toy.example:80", "api"),
            ("http://stream.toy.example", "stream"),
        ):
            async with world.client.get(f"{url}/time?x=1", proxy=proxy.url, ssl=context) as reply:
                told = await reply.json()
            assert (told["origin"], told["client"]) == (origin, "192.0.2.9")
        async with world.client.ws_connect(f"{STREAM}/market", proxy=proxy.url, ssl=context) as socket:
            assert (await socket.receive(5)).data == '{"hello":1}'
            world.say("book", "x" * 300_000)
            assert len((await socket.receive(5)).data) == 300_000

    live(_through(tell))
    virtual(_through(tell))


@pytest.mark.parametrize("url", ["https://elsewhere.example/x", "http://elsewhere.example/x?secret=1"])
def test_any_other_host_is_refused_and_journalled(live: Live, url: str) -> None:
    async def tell(world: World, proxy: Proxy) -> None:
        try:
            async with world.client.get(url, proxy=proxy.url) as reply:
                status = reply.status
        except aiohttp.ClientHttpProxyError as error:
            status = error.status
        assert status == 403

    (row,) = live(_through(tell)).journal.rows()
    assert row.kind is RowKind.REFUSED
    assert "elsewhere.example" in row.label
    assert "secret" not in row.label + row.note


@pytest.mark.parametrize(
    "data",
    [
        b"CONNECT\r\n\r\n",
        b"CONNECT api.toy.example:x HTTP/1.1\r\n\r\n",
        b"CONNECT api.toy.example:443 HTTP/1.1\r\n\r\nearly",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"x" * 70_000,
    ],
    ids=lambda data: repr(data[:30]),
)
def test_what_is_no_request_to_a_proxy_gets_a_plain_error(live: Live, data: bytes) -> None:
    async def tell(world: World, proxy: Proxy) -> None:
        host, _, port = proxy.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 4")
        writer.close()

    live(_through(tell))


def test_a_client_that_does_not_trust_the_authority_gets_nowhere(live: Live) -> None:
    async def tell(world: World, proxy: Proxy) -> None:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await world.client.get(f"{API}/time", proxy=proxy.url)
        assert world.venue.requests == []

    live(_through(tell))


def test_ccxt_keeps_its_production_urls(virtual: Live) -> None:
    async def tell(world: World, proxy: Proxy) -> None:
        options = {"httpsProxy": proxy.url, "cafile": str(proxy.authority.ca_file()), "enableRateLimit": False}
        exchange = ccxt.binanceusdm(options)
        exchange.urls["api"]["fapiPublic"] = f"{API}/echo"
        try:
            with pytest.raises(ccxt.ExchangeNotAvailable, match="404 Not Found"):
                await exchange.fetch_time()
        finally:
            await exchange.close()
        assert world.venue.requests[0].path == "/echo/time"

    virtual(_through(tell))


def test_every_origin_speaks_tls_when_asked(live: Live) -> None:
    async def story(world: World) -> None:
        with Authority() as authority:
            simulator = Simulator(world.venue, clock=RealClock(), seed=1)
            await simulator.start(tls=authority.server_context())
            assert simulator.rest_url.startswith("https://127.0.0.1:")
            context = authority.client_context()
            async with world.client.get(simulator.rest_url + "/value", ssl=context) as reply:
                assert reply.status == 200
            async with world.client.ws_connect(simulator.origins[STREAM] + "/market", ssl=context) as socket:
                assert (await socket.receive(5)).data == '{"hello":1}'
            await simulator.stop()

    live(story)


def test_the_ca_file_is_private_and_goes_away() -> None:
    with Authority() as authority:
        path = authority.ca_file()
        assert path.read_bytes() == authority.pem
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"PRIVATE" not in path.read_bytes()
    assert not path.exists()


def test_a_taken_port_is_an_os_error_and_leaves_nothing_behind(live: Live) -> None:
    async def story(world: World) -> None:
        port = int(world.simulator.rest_url.rpartition(":")[2])
        simulator = Simulator(world.venue, clock=RealClock(), seed=1)
        with pytest.raises(OSError, match="in use"):
            await simulator.start(port=port)
        with pytest.raises(OSError, match="no port 65536"):
            await simulator.start(port=65_535)

    live(story)

"""Clients that nobody here wrote keep their time-outs to the millisecond, unmodified."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import aiohttp
import pytest
import websockets
from aiohttp import web
from websockets.utils import accept_key

from venueproof import virtual
from venueproof.virtual.loop import VirtualLoop

HOST = "127.0.0.1"


def _elapsed_s() -> float:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.elapsed_s()


async def _answer(request: web.Request) -> web.Response:
    await asyncio.sleep(float(request.query.get("after_s", "0")))
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return web.json_response({"connection": peer[1] if peer else None})


@contextlib.asynccontextmanager
async def _web_server() -> AsyncGenerator[str, None]:
    application = web.Application()
    application.router.add_get("/", _answer)
    runner = web.AppRunner(application, access_log=None, keepalive_timeout=3600)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def test_aiohttp_times_out_after_exactly_300_s() -> None:
    async def main() -> float:
        async with _web_server() as url, aiohttp.ClientSession() as session:
            with pytest.raises(TimeoutError):
                await session.get(url, params={"after_s": "1000"})
            return _elapsed_s()

    assert virtual.run(main()) == 300.0


async def _reuse_after_gaps() -> list[bool]:
    """Is the connection used again after 1, 10, 14, 16, 20 and 60 s?"""
    reused: list[bool] = []
    async with _web_server() as url, aiohttp.ClientSession() as session:
        last: object = None
        for gap_s in (0, 1, 10, 14, 16, 20, 60):
            await asyncio.sleep(gap_s)
            async with session.get(url) as response:
                connection = (await response.json())["connection"]
            reused.append(connection == last)
            last = connection
    return reused[1:]


def test_aiohttp_reuses_a_connection_for_15_virtual_seconds() -> None:
    assert virtual.run(_reuse_after_gaps()) == [True, True, True, False, False, False]


def test_without_the_virtual_clock_it_would_reuse_it_for_ever() -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(_reuse_after_gaps()) == [True] * 6


def test_websockets_closes_on_a_mute_peer_after_exactly_35_s() -> None:
    async def main() -> tuple[float, int | None]:
        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = await reader.readuntil(b"\r\n\r\n")
            key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
            accept = accept_key(key.split(b":")[1].strip().decode())
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
            )
            await reader.read()
            writer.close()

        server = await asyncio.start_server(mute, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        connection = await websockets.connect(f"ws://{HOST}:{port}", ping_interval=15, ping_timeout=20, close_timeout=0)
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await connection.recv()
        server.close()
        return _elapsed_s(), caught.value.sent.code if caught.value.sent else None

    assert virtual.run(main()) == (35.0, 1011)


def test_two_days_of_pings_keep_a_connection_alive() -> None:
    async def main() -> tuple[float, str]:
        async def echo(connection: websockets.ServerConnection) -> None:
            async for message in connection:
                await connection.send(message)

        async with websockets.serve(echo, HOST, 0, ping_interval=60) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with websockets.connect(f"ws://{HOST}:{port}", ping_interval=60, ping_timeout=20) as connection:
                await asyncio.sleep(172_800)
                await connection.send("still there?")
                return _elapsed_s(), str(await connection.recv())

    assert virtual.run(main()) == (172_800.0, "still there?")

"""Requests that are answered on the spot, and those for which the connection is given to aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from hypothesis import given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.doorstep import whole
from venueproof_simulators.host.journal import RowKind
from venueproof_simulators.host.latency import NO_LATENCY
from venueproof_simulators.host.rules import Delay, Direction, Match, Rule
from venueproof_simulators.host.serving import IDLE_PATIENCE_S
from venueproof_simulators.host.simulator import Simulator

Live = Callable[..., Simulator]
World = Any

PLACE = b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
VALUE = b"GET /value HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd"


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next reply."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = next(int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: "))
    return int(head.split(b" ")[1]), await reader.readexactly(length)


def test_connection_goes_on_whatever_comes_between_ordinary_requests(live: Live) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(PLACE)
        assert await answered(reader) == (200, b'{"value":1}')
        writer.write(VALUE)
        assert await answered(reader) == (200, b'{"value":1}')
        writer.write(PLACE + VALUE)
        assert [(await answered(reader))[1] for _ in range(2)] == [b'{"value":2}'] * 2
        writer.write(PLACE)
        assert await answered(reader) == (200, b'{"value":3}')
        writer.close()

    rows = live(story).journal.rows()
    assert {row.connection for row in rows} == {1}
    assert [row.kind for row in rows] == [RowKind.REQUEST, RowKind.REPLY] * 5


@pytest.mark.parametrize("cut", [1, 20, len(BODY) - 5, len(BODY) - 2])
def test_request_in_two_pieces_is_put_together(live: Live, cut: int) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(VALUE)
        assert (await answered(reader))[0] == 200
        writer.write(BODY[:cut])
        await asyncio.sleep(0.01)
        writer.write(BODY[cut:])
        status, body = await answered(reader)
        assert (status, body.count(b'"61626364"')) == (200, 1)
        assert len(world.venue.requests) == 2
        writer.close()

    live(story)


@pytest.mark.parametrize(
    "special",
    [
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /echo HTTP/1.0\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST http://x/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
        b"PATCH /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
    ],
    ids=["chunked", "expect", "close", "1.0", "absolute", "method"],
)
def test_special_request_is_carried_out_once(live: Live, special: bytes) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(VALUE)
        assert (await answered(reader))[0] == 200
        writer.write(special)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        if b" 100 " in head:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert b" 200 OK" in head
        assert [request.body for request in world.venue.requests] == [b"", b"abcd"]
        writer.close()

    live(story)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("special", ["", "X-Two: a\r\nX-Two: b\r\n"], ids=["ordinary", "twice"])
def test_any_method_may_have_a_query_and_a_body(live: Live, method: str, special: str) -> None:
    async def story(world: World) -> None:
        head = f"{method} /echo?a=1 HTTP/1.1\r\nHost: x\r\n{special}Content-Length: 4\r\n\r\n"
        reader, writer = await world.raw(f"{head}abcd".encode())
        assert (await answered(reader))[0] == 200
        (asked,) = world.venue.requests
        assert (asked.method, asked.path, asked.query, asked.body) == (method, "/echo", "a=1", b"abcd")
        assert asked.headers.get("x-two") == ("a, b" if special else None)
        writer.close()

    live(story)


def test_rule_that_is_installed_later_is_obeyed_on_an_open_connection(live: Live) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(PLACE)
        assert (await answered(reader))[0] == 200
        world.simulator.add_rule(Rule(Match(Direction.REQUEST, operation="place"), Delay(200_000_000)))
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        writer.write(PLACE)
        assert await answered(reader) == (200, b'{"value":2}')
        assert loop.time() - began_s >= 0.19
        writer.close()

    live(story)


def test_frozen_venue_keeps_a_reply_back(live: Live) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(VALUE)
        assert (await answered(reader))[0] == 200
        world.simulator.freeze(200_000_000)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        writer.write(VALUE)
        assert (await answered(reader))[0] == 200
        assert loop.time() - began_s >= 0.19
        writer.close()

    live(story)


def test_session_can_begin_on_a_connection_that_asked_before(live: Live) -> None:
    async def story(world: World) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as client:
            async with client.get(world.simulator.rest_url + "/value") as reply:
                assert reply.status == 200
            async with client.ws_connect(world.simulator.ws_url + "/market") as socket:
                assert await socket.receive_str(timeout=5) == '{"hello":1}'

    assert {row.connection for row in live(story).journal.rows() if row.kind is not RowKind.CLOSE} == {1}


def test_client_that_never_reads_is_not_listened_to_for_ever(live: Live) -> None:
    async def story(world: World) -> None:
        _, writer = await world.raw(VALUE)
        writer.transport.pause_reading()
        for _ in range(400):
            writer.write(b"GET /echo?" + b"x" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert len(world.venue.requests) < 300
        writer.transport.abort()

    live(story)


def test_connection_that_asks_nothing_is_closed_after_a_while(virtual: Live) -> None:
    async def story(world: World) -> None:
        loop = asyncio.get_running_loop()
        reader, writer = await world.raw(VALUE)
        assert (await answered(reader))[0] == 200
        await asyncio.sleep(50)
        writer.write(VALUE)
        assert (await answered(reader))[0] == 200
        began_s = loop.time()
        assert await reader.read() == b""
        assert loop.time() - began_s == pytest.approx(IDLE_PATIENCE_S, abs=1)
        writer.close()

    virtual(story, latency=NO_LATENCY)


def test_venue_that_breaks_costs_the_request_and_not_the_connection(live: Live) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(b"GET /bug HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await answered(reader))[0] == 500
        writer.write(VALUE)
        assert (await answered(reader))[0] == 200
        world.simulator.faults.clear()
        writer.close()

    live(story)


_TEXTS = st.sampled_from(
    ["", " ", "a", "x: y", "0", "2", "02", "+2", "2, 2", "close", "keep-alive", "chunked", "\t", "é", "a\r\n b"]
)
_NAMES = st.sampled_from(
    ["Host", "X-Key", "x-key", "Content-Length", "Connection", "Transfer-Encoding", "Bad Name", "", "X_"]
)
_LINES = st.lists(st.tuples(_NAMES, st.sampled_from([":", ": ", ":  ", " : "]), _TEXTS), max_size=4)
_STARTS = st.sampled_from(
    [
        "GET / HTTP/1.1",
        "POST /a?b=%2F&c=+ HTTP/1.1",
        "get / HTTP/1.1",
        "GET  / HTTP/1.1",
        "PUT x HTTP/1.1",
        "PUT /é HTTP/1.1",
    ]
)


@settings(max_examples=300)
@given(start=_STARTS, lines=_LINES, body=st.sampled_from([b"", b"{}", b"\r\n", b"\r\n\r\n"]), host=st.booleans())
def test_what_is_recognised_is_what_aiohttp_reads(
    start: str, lines: list[tuple[str, str, str]], body: bytes, host: bool
) -> None:
    head = [start, *(["Host: h"] if host else []), *("".join(line) for line in lines)]
    data = "\r\n".join(head).encode() + b"\r\n\r\n" + body
    seen = whole(data)
    if seen is None:
        return
    ((message, payload),), upgraded, rest = _parsed(data)
    assert (message.method, message.path, upgraded, rest) == (seen.method, seen.target, False, b"")
    assert {name.lower(): value for name, value in message.headers.items()} == seen.headers
    assert not any((message.should_close, message.chunked, message.upgrade))
    assert (payload.is_eof(), payload.read_nowait()) == (True, seen.body)


def _parsed(data: bytes) -> Any:
    """What aiohttp's own parser makes of some bytes."""

    async def feed() -> Any:
        loop = asyncio.get_running_loop()
        return HttpRequestParser(BaseProtocol(loop), loop, 1 << 16, auto_decompress=False).feed_data(data)

    return asyncio.run(feed())

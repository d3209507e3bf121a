"""HTTP: what arrives is what was sent, what leaves is what the venue said, and nothing that comes in breaks it."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import aiohttp.web
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from venueproof.virtual import RealClock
from venueproof_simulators.host.journal import RowKind
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import HttpReply

Live = Callable[..., Simulator]
World = Any


def test_bytes_reach_the_venue_undecoded(live: Live) -> None:
    async def story(world: World) -> None:
        target = "/echo?a=%2Fb+c%20d&signature=00%ff&a=1"
        request = f"POST {target} HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 3\r\n\r\n".encode()
        reader, writer = await world.raw(request + b"\x00\xff%")
        assert b" 200 OK" in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        (seen,) = world.venue.requests
        assert (seen.path, seen.query, seen.body) == ("/echo", "a=%2Fb+c%20d&signature=00%ff&a=1", b"\x00\xff%")
        assert seen.headers["x-two"] == "1, 2"

    live(story)


def test_each_origin_has_a_server_of_its_own(live: Live) -> None:
    async def story(world: World) -> None:
        origins = world.simulator.origins
        assert origins["https://api.toy.example"] == world.simulator.rest_url
        assert origins["wss://api.toy.example"] == world.simulator.ws_url
        async with world.client.get(origins["https://stream.toy.example"] + "/time") as reply:
            assert (await reply.json())["origin"] == "stream"
        assert (await world.get("/time"))[1]["origin"] == "api"

    live(story)


def test_a_chunked_body_is_put_together(live: Live) -> None:
    async def chunks() -> Any:
        yield b"ab"
        yield b"cd"

    async def story(world: World) -> None:
        async with world.client.post(world.simulator.rest_url + "/echo", data=chunks()) as reply:
            assert bytes.fromhex((await reply.json())["body"]) == b"abcd"

    live(story)


def test_a_body_that_is_too_large_is_refused_and_the_venue_not_asked(live: Live) -> None:
    async def story(world: World) -> None:
        async with world.client.post(world.simulator.rest_url + "/echo", data=io.BytesIO(bytes(11 << 20))) as reply:
            assert reply.status == 413
        assert world.venue.requests == []
        assert (await world.get("/value"))[0] == 200

    simulator = live(story)
    assert simulator.journal.rows()[0].kind is RowKind.REFUSED


_UPGRADE = b"GET /market HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    ("data", "status", "key"),
    [
        (b"G\x01T /SECRET HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed-request"),
        (b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: SECRET\r\n\r\n", 400, "malformed-request"),
        (b"GET /value?SECRET=\xff\xfe\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed-request"),
        (b"GET /value HTTP/1.1\r\nHost: x\r\nX: " + b"SECRET" * 12_000 + b"\r\n\r\n", 400, "malformed-request"),
        (b"POST /order HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nSECRET\r\n", 400, "malformed-request"),
        (_UPGRADE + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: SECRET\r\n\r\n", 400, "malformed-request"),
        (
            _UPGRADE + b"Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: " + b"A" * 22 + b"==\r\n\r\n",
            400,
            "malformed-request",
        ),
        (
            b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 10485761\r\n\r\n" + bytes(10_485_761),
            413,
            "body-too-large",
        ),
        (b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nSECRET", 408, "body-too-slow"),
    ],
    ids=["method", "length", "query", "header", "chunk", "key", "version", "large", "slow"],
)
@pytest.mark.parametrize("has_row", [True, False])
def test_what_cannot_be_read_gets_the_venues_error(
    virtual: Live, data: bytes, status: int, key: str, has_row: bool
) -> None:
    async def story(world: World) -> None:
        if has_row:
            world.venue.wire_errors = {key: HttpReply(418, b'{"code":-1}')}
        reader, writer = await world.raw(data)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        wanted = (418, b'{"code":-1}') if has_row else (status, b"")
        assert head.startswith(f"HTTP/1.1 {wanted[0]} ".encode())
        assert body == wanted[1]
        assert b"\r\nServer: venueproof\r\n" in head + b"\r\n"
        assert b"SECRET" not in head
        assert world.venue.requests == []
        writer.close()

    (row,) = virtual(story).journal.rows()
    assert row.kind is RowKind.REFUSED
    assert row.note


def test_a_half_sent_body_is_given_up_after_its_patience(virtual: Live) -> None:
    async def story(world: World) -> None:
        began_ns = world.simulator.time().true_ns
        reader, writer = await world.raw(b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        assert b" 408 " in await reader.readline()
        assert world.simulator.time().true_ns - began_ns == 30_000_000_000
        assert world.venue.value == 0
        writer.close()

    virtual(story)


def test_a_half_sent_head_is_given_up_after_its_patience(virtual: Live) -> None:
    async def story(world: World) -> None:
        began_ns = world.simulator.time().true_ns
        reader, writer = await world.raw(b"GET /value HTTP/1.1\r\nHost")
        assert await reader.read() == b""
        assert world.simulator.time().true_ns - began_ns == 75_000_000_000
        writer.close()

    virtual(story)


def test_a_bug_in_the_venue_is_a_fault_of_the_harness(live: Live) -> None:
    async def story(world: World) -> None:
        async with world.client.get(world.simulator.rest_url + "/bug") as reply:
            assert reply.status == 500
            assert "RuntimeError" not in await reply.text()
        assert (await world.get("/value"))[0] == 200

    simulator = live(story, faults=1)
    assert "RuntimeError" in simulator.faults[0]
    assert "toy-secret" not in simulator.faults[0]


def test_the_date_of_a_reply_is_the_venues_own(live: Live) -> None:
    async def story(world: World) -> None:
        world.simulator.skew_clock(-86_400_000 * 400)
        async with world.client.get(world.simulator.rest_url + "/time") as reply:
            told_s = (await reply.json())["ms"] // 1000
            date = reply.headers["Date"]
        assert parsedate_to_datetime(date).timestamp() - told_s in (0, 1)

    live(story)


def test_a_thousand_sockets_at_once(live: Live) -> None:
    async def story(world: World) -> None:
        sockets = await asyncio.gather(*(world.listen("/market") for _ in range(500)))
        plain = await asyncio.gather(*(world.raw(b"GET /value HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(500)))
        world.say("ticker", "now")
        assert [(await socket.receive(10)).data for socket in sockets] == ["now"] * 500
        assert all([b"200 OK" in await asyncio.wait_for(reader.readline(), 10) for reader, _ in plain])
        for _, writer in plain:
            writer.close()

    async def unlimited(world: World) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            world.client = client
            await story(world)

    simulator = live(unlimited)
    broadcast = [row for row in simulator.journal.rows() if row.topic == "ticker"]
    assert [len(row.connections) for row in broadcast] == [500]


_METHODS = st.sampled_from(["GET", "POST", "OPTIONS", "CONNECT", "HEAD", "get", "\x00"])
_TARGETS = st.sampled_from(
    ["/value", "/account", "/order?a=%zz", "*", "x:1", "http://x/value?q", "http://", "//", "/é", ""]
)
_VERSIONS = st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", ""])
_HEADERS = st.sampled_from(
    """Host: x|Content-Length: 5|Content-Length: -1|Transfer-Encoding: chunked|Expect: 100-continue|no colon
    |Upgrade: websocket\r\nConnection: Upgrade|Sec-WebSocket-Version: 13|Connection: close|X: \x00
    |Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==|Content-Encoding: gzip|""".replace("\n    ", "").split("|")
)
_HEADS = st.builds(
    lambda method, target, version, headers: "\r\n".join((f"{method} {target} {version}", *headers, "", "")).encode(),
    _METHODS,
    _TARGETS,
    _VERSIONS,
    st.lists(_HEADERS, max_size=6),
)
_NOISE = st.one_of(
    st.binary(max_size=40), st.sampled_from([b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"hello", b"\xff\xfe"])
)
_INPUT = st.one_of(st.tuples(_HEADS, _NOISE, _HEADS).map(b"".join), st.tuples(_NOISE, _NOISE).map(b"".join))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@example(data=b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
@example(data=b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n")
@given(data=_INPUT)
def test_no_bytes_break_it(virtual: Live, data: bytes) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(data)
        with contextlib.suppress(TimeoutError):
            answer = await asyncio.wait_for(reader.read(), 200)
            assert b" 500 " not in answer
            assert b"Traceback" not in answer
        writer.close()
        assert (await world.get("/value"))[0] == 200

    virtual(story)


def test_a_mount_is_served_on_the_first_origin_and_leaves_no_trace(live: Live) -> None:
    async def mounted(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        return aiohttp.web.json_response({"asked": request.path})

    async def story(world: World) -> None:
        simulator = Simulator(world.venue, clock=RealClock(), seed=1, mount=mounted)
        await simulator.start()
        answers = []
        for origin in ("https://api.toy.example", "https://stream.toy.example"):
            async with world.client.get(f"{simulator.origins[origin]}/_venueproof/health") as reply:
                answers.append((reply.status, await reply.json()))
        assert answers == [(200, {"asked": "/_venueproof/health"}), (404, {"error": "no such path"})]
        assert {row.connection for row in simulator.journal.rows()} == {1}
        async with world.client.get(f"{simulator.rest_url}/_venueproof/health") as reply:
            assert reply.headers["Server"] == "venueproof"
        await simulator.stop()

    live(story)

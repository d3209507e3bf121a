"""WebSocket sessions: what the venue says arrives, and what a client does wrong ends in the right close code."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.journal import RowKind
from venueproof_simulators.host.session import BUFFER_LIMIT, MESSAGE_LIMIT
from venueproof_simulators.host.simulator import Simulator

Live = Callable[..., Simulator]
World = Any

HANDSHAKE = (
    b"GET /account HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)


def frame(opcode: int, payload: bytes, *, fin: bool = True, size: int | None = None) -> bytes:
    """A client's frame, masked with zeros; `size` lies about its length."""
    size = len(payload) if size is None else size
    first = (0x80 if fin else 0) | opcode
    if size < 126:
        return struct.pack("!BB", first, 0x80 | size) + bytes(4) + payload
    return struct.pack("!BBQ", first, 0x80 | 127, size) + bytes(4) + payload


async def close_code(world: World, data: bytes) -> int:
    """Open a session, send `data`, and read on until the close frame."""
    reader, writer = await world.raw(HANDSHAKE + data)
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    while True:
        first, length = await asyncio.wait_for(reader.readexactly(2), 5)
        payload = await reader.readexactly(length)
        if first & 0x0F == 8:
            break
    writer.close()
    return int.from_bytes(payload[:2], "big")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(1, b"x", size=MESSAGE_LIMIT + 1), 1009),
        (frame(1, b"\xff\xfe"), 1007),
        (frame(1, "é".encode()[:1], fin=False) + frame(0, b"x"), 1007),
        (frame(0, b"nothing to continue"), 1002),
        (frame(3, b"no such opcode"), 1002),
        (b"\x81\x02hi", 1002),
        (frame(8, struct.pack("!H", 1000)), 1000),
    ],
    ids=["too-long", "not-utf-8", "not-utf-8-in-parts", "continuation", "opcode", "unmasked", "goodbye"],
)
def test_close_codes(live: Live, data: bytes, code: int) -> None:
    async def story(world: World) -> None:
        assert await close_code(world, data) == code

    live(story)


def test_parts_and_binary_frames_arrive_whole(virtual: Live) -> None:
    async def story(world: World) -> None:
        socket = await world.listen()
        await socket.send_frame(b"or", WSMsgType.TEXT)
        await socket.send_bytes(b"\x00\x01")
        assert (await socket.receive(5)).data == b"\x00\x01"
        _, writer = await world.raw(HANDSHAKE + frame(1, "é".encode()[:1], fin=False) + frame(0, "é".encode()[1:]))
        await asyncio.sleep(1)
        assert [payload for _, payload in world.venue.frames] == ["or", b"\x00\x01", "é"]
        writer.close()

    virtual(story)


def test_a_refused_handshake_gets_the_venues_reply(live: Live) -> None:
    async def story(world: World) -> None:
        with pytest.raises(WSServerHandshakeError) as error:
            await world.client.ws_connect(world.simulator.ws_url + "/nowhere")
        assert error.value.status == 404
        assert world.simulator.sessions == []

    live(story)


def test_the_venue_closes_after_what_it_said(virtual: Live) -> None:
    async def story(world: World) -> None:
        socket = await world.listen()
        await socket.send_str("close")
        said, closed = await socket.receive(), await socket.receive()
        assert (said.data, closed.type, closed.data, closed.extra) == ("bye", WSMsgType.CLOSE, 4001, "as asked")
        await asyncio.sleep(1)
        assert world.venue.gone == [1]

    virtual(story)


def test_a_client_that_never_answers_a_close_is_cut_off(virtual: Live) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(HANDSHAKE + frame(1, b"close"))
        await reader.readuntil(b"as asked")
        asked_ns = world.simulator.time().true_ns
        assert await reader.read() == b""
        assert world.simulator.time().true_ns - asked_ns == 5_000_000_000
        writer.close()

    virtual(story)


@pytest.mark.parametrize("answers", [True, False])
def test_a_ping_wants_its_own_pong(virtual: Live, answers: bool) -> None:
    async def story(world: World) -> None:
        socket = await world.listen()
        await socket.send_str("ping")
        ping = await socket.receive()
        assert (ping.type, ping.data) == (WSMsgType.PING, b"are you there")
        began_ns = world.simulator.time().true_ns
        await socket.pong(ping.data if answers else b"unsolicited")
        await asyncio.sleep(20)
        assert (world.simulator.sessions == [1]) is answers
        if not answers:
            closed = await socket.receive()
            assert (closed.type, closed.data) == (WSMsgType.CLOSE, 1008)
            (row,) = [row for row in world.simulator.journal.rows() if row.label == "broken"]
            assert row.at_ns - began_ns == 10_000_000_000

    virtual(story)


def test_a_venue_that_wants_to_is_told_of_the_protocols_own_signs_of_life(live: Live) -> None:
    async def story(world: World) -> None:
        world.venue.tells_signs = True
        socket = await world.listen()
        await socket.ping(b"hello?")
        told = [await socket.receive(5) for _ in range(2)]
        assert {(one.type, one.data) for one in told} == {(WSMsgType.TEXT, "ping"), (WSMsgType.PONG, b"hello?")}
        await socket.pong(b"unasked")
        assert (await socket.receive(5)).data == "pong"
        assert world.venue.signs == [(1, "ping"), (1, "pong")]
        assert world.venue.frames == []

    live(story)


def test_a_clients_ping_is_answered(live: Live) -> None:
    async def story(world: World) -> None:
        socket = await world.listen()
        await socket.ping(b"hello?")
        pong = await socket.receive(5)
        assert (pong.type, pong.data) == (WSMsgType.PONG, b"hello?")

    live(story)


def test_a_client_that_does_not_read_is_cut_off_and_the_others_are_not(live: Live) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(HANDSHAKE.replace(b"/account", b"/market"))
        await reader.readuntil(b'"hello":1}')
        writer.transport.pause_reading()
        other = await world.listen("/market")
        text = "x" * 500_000
        for _ in range(BUFFER_LIMIT // len(text) + 20):
            world.say("book", text)
            assert (await other.receive(5)).data == text
        assert world.simulator.sessions == [2]
        writer.transport.abort()

    simulator = live(story)
    assert [row.note for row in simulator.journal.rows() if row.label == "broken"] == ["the client does not read"]


def test_a_session_that_ended_leaves_no_task_behind(virtual: Live) -> None:
    async def story(world: World) -> None:
        before = len(asyncio.all_tasks())
        for _ in range(5):
            socket = await world.listen()
            await socket.close()
        await asyncio.sleep(1)
        assert len(asyncio.all_tasks()) == before

    virtual(story)


def test_many_handshakes_that_are_none(live: Live) -> None:
    async def story(world: World) -> None:
        for broken in (
            HANDSHAKE.replace(b"AAAA", b"!!"),
            HANDSHAKE.replace(b": 13", b": 12"),
            HANDSHAKE.replace(b"Connection: Upgrade", b"Connection: close"),
            HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0"),
            HANDSHAKE.replace(b"GET", b"POST"),
        ):
            reader, writer = await world.raw(broken)
            status = int((await asyncio.wait_for(reader.readline(), 5)).split()[1])
            assert 400 <= status < 500
            writer.close()
        assert world.simulator.sessions == []

    simulator = live(story)
    assert RowKind.OPEN not in [row.kind for row in simulator.journal.rows()]


_PIECES = st.one_of(
    st.binary(max_size=30),
    st.builds(frame, st.integers(0, 15), st.binary(max_size=30), fin=st.booleans()),
    st.builds(frame, st.just(1), st.sampled_from([b"order", b"close", b"ping", b"\xc3"]), fin=st.booleans()),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.lists(_PIECES, max_size=8).map(b"".join))
def test_no_frames_break_it(virtual: Live, data: bytes) -> None:
    async def story(world: World) -> None:
        reader, writer = await world.raw(HANDSHAKE + data)
        assert (await reader.readline()).startswith(b"HTTP/1.1 101")
        await asyncio.sleep(20)
        writer.close()
        await asyncio.sleep(20)
        assert world.simulator.sessions == []
        assert not world.venue.paths

    virtual(story)

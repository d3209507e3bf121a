"""One WebSocket session: frames in, frames out, pings and the end, over a transport that is already open.

The wire format is the `websockets` library's; this module decides nothing about time, order or rules.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from typing import Protocol

from websockets import frames
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import SEND_EOF, Side, State
from websockets.protocol import Protocol as WireProtocol

from venueproof_simulators.host.agenda import Agenda, Entry
from venueproof_simulators.host.clock import Clock

MESSAGE_LIMIT = 1 << 20
"""Bytes of an incoming message; a longer one closes the session with 1009."""
BUFFER_LIMIT = 8 << 20
"""Bytes that may wait for a client that does not read; with more the session is reset."""
CLOSE_PATIENCE_NS = 5_000_000_000
"""How long a closing session waits for the client's part of the closing."""

_LOGGER = logging.getLogger("venueproof.host.websocket")
_LOGGER.setLevel(logging.WARNING)
_LINGER_ZERO = struct.pack("ii", 1, 0)


def encode(payload: str | bytes) -> bytes:
    """A message as a frame, the same for every session."""
    if isinstance(payload, str):
        return Frame(Opcode.TEXT, payload.encode()).serialize(mask=False)
    return Frame(Opcode.BINARY, payload).serialize(mask=False)


def reset(transport: asyncio.Transport | None) -> None:
    """End a connection at once, so that the other end is told by a TCP reset."""
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()


class Owner(Protocol):
    """Who is told of what happens to a session."""

    def frame_received(self, session: Session, payload: str | bytes) -> None:
        """A whole message came in."""
        ...

    def control_frame(self, session: Session, label: str, payload: bytes) -> None:
        """A ping, pong or close came in."""
        ...

    def answer_frame(self, session: Session, data: bytes) -> None:
        """The protocol answers with these bytes (pong, close), empty for the end of the stream."""
        ...

    def broken(self, session: Session, why: str) -> None:
        """The host ended the session for a reason of its own."""
        ...

    def session_ended(self, session: Session) -> None:
        """The connection is gone."""
        ...


class Session:
    """A session, numbered like its connection. aiohttp hands it the bytes (`feed_data`, `feed_eof`)."""

    __slots__ = (
        "_clock",
        "_deadline",
        "_ended",
        "_opcode",
        "_owner",
        "_parts",
        "_pings",
        "_timers",
        "_transport",
        "_wire",
        "free_at_ns",
        "number",
        "pending",
        "silent",
    )

    def __init__(self, number: int, transport: asyncio.Transport, owner: Owner, clock: Clock, timers: Agenda) -> None:
        """`timers` carries the session's own time-outs."""
        self.number = number
        self.silent = False
        """Nothing goes out and nothing is heard any more."""
        self.free_at_ns = 0
        """When the last message entered into its queue leaves."""
        self.pending = 0
        """How many messages wait in its queue."""
        self._transport = transport
        self._owner = owner
        self._clock = clock
        self._timers = timers
        self._wire = WireProtocol(Side.SERVER, max_size=MESSAGE_LIMIT, logger=_LOGGER)
        self._parts: list[bytes] = []
        self._opcode = Opcode.TEXT
        self._pings: dict[bytes, Entry] = {}
        self._deadline: Entry | None = None
        self._ended = False

    # --- in -------------------------------------------------------------------------------------------------------

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Bytes came in. Never raises for what they are."""
        if self.silent or self._ended:
            return False, b""
        self._wire.receive_data(data)
        for event in self._wire.events_received():
            if isinstance(event, Frame):
                self._take(event)
        for written in self._wire.data_to_send():
            self._owner.answer_frame(self, written)
        return False, b""

    def feed_eof(self) -> None:
        """The connection is gone."""
        if self._ended:
            return
        self._ended = True
        for entry in (*self._pings.values(), *([self._deadline] if self._deadline else [])):
            self._timers.cancel(entry)
        self._pings.clear()
        self._owner.session_ended(self)

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._take_data(frame)
            return
        payload = bytes(frame.data)
        if frame.opcode is Opcode.PONG:
            entry = self._pings.pop(payload, None)
            if entry is not None:
                self._timers.cancel(entry)
        self._owner.control_frame(self, frame.opcode.name.lower(), payload)

    def _take_data(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            self._opcode = frame.opcode
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return
        data = b"".join(self._parts)
        self._parts.clear()
        if self._opcode is Opcode.BINARY:
            self._owner.frame_received(self, data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            self._wire.fail(CloseCode.INVALID_DATA, error.reason)
            return
        self._owner.frame_received(self, text)

    # --- out ------------------------------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """May messages still be sent?"""
        return self._wire.state is State.OPEN and not self._ended

    def write(self, frame: bytes) -> None:
        """Send a frame made by `encode`, unless the session is closing or silent."""
        if self._wire.state is State.OPEN:
            self.write_raw(frame)

    def write_raw(self, data: bytes) -> None:
        """Send bytes; empty ends the stream."""
        transport = self._transport
        if self.silent or self._ended or transport.is_closing():
            return
        if data == SEND_EOF:
            self._end_stream()
            return
        transport.write(data)
        if transport.get_write_buffer_size() > BUFFER_LIMIT:
            self._owner.broken(self, "the client does not read")
            reset(transport)

    def ping(self, payload: bytes, timeout_ns: int) -> None:
        """Send a ping; the session ends unless a pong with the same payload comes within `timeout_ns`."""
        if not self.open:
            return
        self.write_raw(Frame(Opcode.PING, payload).serialize(mask=False))
        earlier = self._pings.pop(payload, None)
        if earlier is not None:
            self._timers.cancel(earlier)
        self._pings[payload] = self._timers.at(self._clock.now_ns() + timeout_ns, self._no_pong)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and end the stream once the client has answered, or after a while."""
        if not self.open:
            return
        if code in frames.EXTERNAL_CLOSE_CODES or 3000 <= code < 5000:
            self._wire.send_close(code, reason)
        else:
            self._wire.send_close()
        for data in self._wire.data_to_send():
            self.write_raw(data)
        self._expect_end()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        reset(self._transport)

    def _no_pong(self) -> None:
        if self.silent:
            return
        self._owner.broken(self, "no pong in time")
        self.close(CloseCode.POLICY_VIOLATION, "Pong timeout")

    def _end_stream(self) -> None:
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()
        self._expect_end()

    def _expect_end(self) -> None:
        if self._deadline is None and not self._ended:
            self._deadline = self._timers.at(self._clock.now_ns() + CLOSE_PATIENCE_NS, self._transport.abort)

"""Bytes in flight: what was sent inside this loop and has not been read yet.

A silent selector does not prove that nothing is under way. The kernel may hold sent data back while it waits for a
delayed acknowledgement (30–50 ms of real time for bodies of a megabyte), or may send a dropped handshake again after
a second. So every byte is counted when it is sent and when it is received, and the end of a stream counts as one byte
more. Bytes that a receiver asks for and does not have yet are inside the kernel: the clock must wait for them.
A receiver that has stopped reading is back-pressure, not a stall.

Counted are TCP connections with both ends in this loop, through transports, TLS or ``loop.sock_*`` alike, because the
socket itself counts (``send``, ``sendall``, ``sendmsg``, ``recv``, ``recv_into``).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from venueproof.virtual.errors import ForeignPeer

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

Address = tuple[str, int]

UNKNOWN = -1
GONE = -2
_WILDCARDS = ("0.0.0.0", "::")


class Flow:
    """One direction of one connection."""

    __slots__ = ("_busy", "receiver", "sender", "source", "target", "unread")

    def __init__(self, source: Address, target: Address, busy: dict[Flow, None]) -> None:
        """`busy` is the loop's list of flows with unread bytes, which this flow enters and leaves."""
        self.source = source
        self.target = target
        self.sender = UNKNOWN
        self.receiver = UNKNOWN
        self.unread = 0
        self._busy = busy

    def sent(self, count: int) -> None:
        """Count bytes handed to the kernel, unless nobody is left to read them."""
        if count and self.receiver != GONE:
            self.unread += count
            self._busy[self] = None

    def received(self, count: int) -> None:
        """Count bytes taken from the kernel; none means the end of the stream, behind which there is nothing."""
        self.unread = max(0, self.unread - count) if count else 0
        if not self.unread:
            self._busy.pop(self, None)

    def abandoned(self) -> None:
        """The receiver is gone, and with it the bytes it has not read."""
        self.receiver = GONE
        self.unread = 0
        self._busy.pop(self, None)

    def __str__(self) -> str:
        return f"{self.unread} bytes from {self.source[0]}:{self.source[1]} to {self.target[0]}:{self.target[1]}"


class End:
    """One end of one connection: what it sends and what it receives."""

    __slots__ = ("flows", "incoming", "outgoing")

    def __init__(self, flows: Flows, outgoing: Flow, incoming: Flow) -> None:
        """Join two flows of `flows` at one socket."""
        self.flows = flows
        self.outgoing = outgoing
        self.incoming = incoming

    def received(self, count: int) -> None:
        """Count, and object if nobody in this loop can have sent it."""
        if self.incoming.sender == UNKNOWN and count:
            self.flows.on_stranger(self.incoming.source, self.incoming.target)
        self.incoming.received(count)


_ENDS: dict[int, End] = {}
_LISTENERS: dict[int, Flows] = {}
# Both by descriptor, which is unique in the process: a socket has no room for an attribute of ours.


class CountingSocket(socket.socket):
    """A connected socket that counts; an ordinary socket becomes one by a change of its class."""

    __slots__ = ()

    def send(self, data: ReadableBuffer, flags: int = 0, /) -> int:
        """Send and count."""
        count = super().send(data, flags)
        if (end := _ENDS.get(self.fileno())) is not None:
            end.outgoing.sent(count)
        return count

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        """Send and count."""
        super().sendall(data, flags)
        if (end := _ENDS.get(self.fileno())) is not None:
            end.outgoing.sent(memoryview(data).nbytes)

    def sendmsg(self, *args: Any) -> int:
        """Send and count."""
        count = super().sendmsg(*args)
        if (end := _ENDS.get(self.fileno())) is not None:
            end.outgoing.sent(count)
        return count

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive and count; a peek does not count."""
        data = super().recv(bufsize, flags)
        if not flags & socket.MSG_PEEK and (end := _ENDS.get(self.fileno())) is not None:
            end.received(len(data))
        return data

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        """Receive and count; a peek does not count."""
        count = super().recv_into(buffer, nbytes, flags)
        if not flags & socket.MSG_PEEK and (end := _ENDS.get(self.fileno())) is not None:
            end.received(count)
        return count

    def shutdown(self, how: int, /) -> None:
        """Shut down; the end of the stream is under way."""
        super().shutdown(how)
        if how != socket.SHUT_RD and (end := _ENDS.get(self.fileno())) is not None:
            end.outgoing.sent(1)

    def close(self) -> None:
        """Close; the end of the stream is under way, and what was not read never will be."""
        _leave(self.fileno())
        super().close()

    def detach(self) -> int:
        """Give the descriptor away, uncounted from now on."""
        _leave(self.fileno())
        return super().detach()


class CountingListener(socket.socket):
    """A listening socket whose connections count from the moment they are accepted."""

    __slots__ = ()

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept and start to count."""
        connection, address = super().accept()
        if (flows := _LISTENERS.get(self.fileno())) is not None:
            flows.accepted(connection)
        return connection, address

    def close(self) -> None:
        """Close; nobody waits for its connections any more."""
        _LISTENERS.pop(self.fileno(), None)
        super().close()


class Flows:
    """All connections inside one loop."""

    def __init__(self, on_stranger: Callable[[Address, Address], None]) -> None:
        """`on_stranger(source, target)` is called when bytes arrive that nobody in the loop has sent."""
        self.on_stranger = on_stranger
        self.busy: dict[Flow, None] = {}
        self._flows: dict[tuple[Address, Address], Flow] = {}
        self._listeners: dict[Address, socket.socket] = {}

    def listen(self, sock: socket.socket) -> None:
        """Count what arrives through this listening socket."""
        if _is_tcp(sock) and type(sock) is socket.socket:
            self._listeners[_address(sock.getsockname())] = sock
            _LISTENERS[sock.fileno()] = self
            sock.__class__ = CountingListener

    def accepted(self, sock: socket.socket) -> None:
        """Count on the server's end; whether the client is in this loop shows when its first byte arrives."""
        local, peer = _address(sock.getsockname()), _address(sock.getpeername())
        self._join(sock, local, peer)

    def connected(self, sock: socket.socket) -> bool:
        """Count on the client's end, if the other end is in this loop; false if it is not."""
        if not _is_tcp(sock) or type(sock) is not socket.socket:
            return True
        local, peer = _address(sock.getsockname()), _address(sock.getpeername())
        if (peer, local) not in self._flows and self._listener(local, peer) is None:
            return False
        self._join(sock, local, peer)
        return True

    def stalled(self, reads: Callable[[int], bool]) -> Flow | None:
        """A flow whose bytes are wanted (`reads(fd)`) and still inside the kernel."""
        for flow in self.busy:
            fd = flow.receiver
            if fd == UNKNOWN and (listener := self._listener(flow.source, flow.target)) is not None:
                fd = listener.fileno()
            if fd >= 0 and reads(fd):
                return flow
        return None

    def open_listeners(self) -> list[socket.socket]:
        """The listening sockets that have not been closed."""
        return [listener for listener in self._listeners.values() if listener.fileno() >= 0]

    def close(self) -> None:
        """Forget all sockets that are still open."""
        for fd in [fd for fd, end in _ENDS.items() if end.flows is self]:
            del _ENDS[fd]
        for fd in [fd for fd, flows in _LISTENERS.items() if flows is self]:
            del _LISTENERS[fd]

    def forget(self, flow: Flow) -> None:
        """Drop a flow that both ends have left."""
        if flow.sender == GONE and flow.receiver == GONE and self._flows.get((flow.source, flow.target)) is flow:
            del self._flows[flow.source, flow.target]

    def _listener(self, local: Address, peer: Address) -> socket.socket | None:
        """Who listens at `peer`, or did: a connection may still be on its way when a server closes."""
        exact = self._listeners.get(peer)
        if exact is not None or local[0] != peer[0]:
            return exact
        # A wildcard listener answers for this machine's own addresses, which connect from themselves.
        return next(filter(None, (self._listeners.get((host, peer[1])) for host in _WILDCARDS)), None)

    def _join(self, sock: socket.socket, local: Address, peer: Address) -> None:
        fd = sock.fileno()
        _leave(fd)  # a socket that was dropped without being closed has left its descriptor to this one
        outgoing = self._flows.get((local, peer))
        if outgoing is None or outgoing.sender != UNKNOWN:
            outgoing = self._flows[local, peer] = Flow(local, peer, self.busy)
        incoming = self._flows.get((peer, local))
        if incoming is None or incoming.receiver != UNKNOWN:
            incoming = self._flows[peer, local] = Flow(peer, local, self.busy)
        outgoing.sender = incoming.receiver = fd
        _ENDS[fd] = End(self, outgoing, incoming)
        sock.__class__ = CountingSocket


def _leave(fd: int) -> None:
    end = _ENDS.pop(fd, None)
    if end is None:
        return
    end.incoming.abandoned()
    end.outgoing.sent(1)
    end.outgoing.sender = GONE
    end.flows.forget(end.incoming)
    end.flows.forget(end.outgoing)


def _is_tcp(sock: socket.socket) -> bool:
    return sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM


def _address(name: tuple[Any, ...]) -> Address:
    return str(name[0]).removeprefix("::ffff:"), int(name[1])


def refuse_stranger(source: Address, target: Address) -> ForeignPeer:
    """The error for a connection between this loop and somewhere else."""
    return ForeignPeer(
        f"the connection from {source[0]}:{source[1]} to {target[0]}:{target[1]} leads out of the virtual loop, where "
        "time is real; start the other end inside the loop, or wrap the exchange in `with loop.hold():`"
    )

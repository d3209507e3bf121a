"""Requests of venues with envelopes, rising numbers, limits that count apart, and a socket in the place of HTTP."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from peer import Peer, until, venue
from websockets.asyncio.server import ServerConnection

from venueproof.virtual import run
from venueproof_adapters.kit.assembly import prepare
from venueproof_adapters.kit.backoff import Backoff, reconnect_backoff
from venueproof_adapters.kit.clock import SECOND_NS, SystemClock
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.parts import Parts, replaced
from venueproof_adapters.kit.requests import NONE, SIGNED, TIME, Call, Params, Requests, read
from venueproof_adapters.kit.rising import Rising
from venueproof_adapters.kit.rpc import RpcSocket
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.kit.windows import Window
from venueproof_contracts.errors import AdapterError, OutcomeUnknown, RateLimited, VenueDown
from venueproof_contracts.model import Endpoint

CALLS = [
    Call(TIME, "GET", "/time", NONE, {}),
    Call("place", "POST", "/order", SIGNED, {"orders": 1}),
    Call("book", "GET", "/book", NONE, {"reads": 1}),
]


class Envelope(Struct):
    """What every reply is in."""

    result: msgspec.Raw


class Judge:
    """Only haste is refused."""

    def error(self, reply: Reply) -> AdapterError | None:
        return RateLimited(0) if reply.status == 429 else None

    def passes(self, reply: Reply) -> bool:
        return True


class Numbered(Requests):
    """Counts its requests, and answers each after a second."""

    one_by_one = True
    limits_apart = True

    def __init__(self) -> None:
        parts = replaced(Parts(), backoff=partial(Backoff, tries=1))
        nowhere = Endpoint(venue="toy", product="linear", rest="", ws="")
        ground = prepare(nowhere, {}, parts, client_id=".*", client_id_length=36)
        super().__init__(CALLS, Judge(), ground)
        self.budget = ground.budget
        self.budget.set_windows([Window("orders", 100, 1), Window("reads", 100, 1)])
        self.number = 0
        self.arrived: list[int] = []
        self.refuses = ""

    def written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        raise AssertionError("nothing goes over HTTP here")

    def content(self, call: Call, body: bytes) -> bytes:
        return bytes(read(body, Envelope).result)

    async def exchange(self, call: Call, params: Params) -> Reply:
        self.number += 1
        number = self.number
        await asyncio.sleep(1 / number)  # later ones are faster on their way
        self.arrived.append(number)
        return Reply(429 if call.name == self.refuses else 200, {}, msgspec.json.encode({"result": number}))

    async def server_time(self) -> int:
        return 0


def test_rising_numbers_arrive_in_their_order_and_what_needs_none_does_not_wait() -> None:
    async def main() -> tuple[list[int], list[int]]:
        requests = Numbered()
        answers = await asyncio.gather(*(requests.act("place", int) for _ in range(3)), requests.ask("book", int))
        return answers, requests.arrived

    answers, arrived = run(main())
    assert sorted(answers) == [1, 2, 3, 4]
    assert [number for number in arrived if number != answers[3]] == sorted(answers[:3])
    assert arrived[0] == answers[3]


def test_haste_with_orders_does_not_hold_back_questions() -> None:
    async def main() -> tuple[float, float]:
        clock, requests = SystemClock(), Numbered()
        requests.refuses = "place"
        with pytest.raises(RateLimited):
            await requests.act("place", int)
        began_ns = clock.wall_ns()
        await requests.budget.admit({"reads": 1})
        free_ns = clock.wall_ns()
        await requests.budget.admit({"orders": 1, "reads": 0})
        return (free_ns - began_ns) / SECOND_NS, (clock.wall_ns() - free_ns) / SECOND_NS

    reads_s, orders_s = run(main())
    assert reads_s == 0
    assert orders_s >= 1


@given(st.lists(st.integers(0, 5), min_size=1))
def test_numbers_rise_whatever_the_clock_does(readings: list[int]) -> None:
    rising = Rising()
    numbers = [rising.next(reading) for reading in readings]
    assert all(later > earlier for earlier, later in pairwise(numbers))
    assert all(number >= reading for number, reading in zip(numbers, readings, strict=True))


# --- over a socket ---


class Rpc(Struct):
    """A frame of either side."""

    id: int | str
    method: str = ""


def rpc(peer: Peer) -> RpcSocket:
    async def greet(dialogue: Dialogue) -> None:
        await dialogue.demand('{"id":"login","method":"login"}', "login")

    return RpcSocket(
        "calls",
        peer.url,
        Parts(),
        reconnect_backoff(Random(1)),
        SystemClock().wall_ns,
        SocketOptions(),
        greet=greet,
        key_of=lambda frame: msgspec.json.decode(frame, type=Rpc).id,
    )


def test_calls_over_a_socket_are_told_apart_by_number_and_survive_a_late_answer() -> None:
    async def main() -> tuple[list[bytes], int]:
        held: list[str] = []

        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            if '"slow"' in frame:
                held.append(frame)
                return
            await connection.send(frame)
            if '"last"' in frame:
                for late in held:
                    await connection.send(late)

        async with venue(answer) as peer:
            calls = rpc(peer)
            slow = asyncio.create_task(calls.exchange('{"id":1,"method":"slow"}', 1))
            await until(lambda: bool(held))
            with pytest.raises(OutcomeUnknown):
                await slow
            frames = [f'{{"id":{number},"method":"last"}}' for number in (2, 3)]
            answers = await asyncio.gather(*(calls.exchange(frame, 2 + place) for place, frame in enumerate(frames)))
            await asyncio.sleep(1)
            left = calls.dialogue.pending
            await calls.close()
            return answers, left

    answers, left = run(main())
    assert [msgspec.json.decode(answer, type=Rpc).id for answer in answers] == [2, 3]
    assert left == 0


def test_a_socket_that_ends_leaves_calls_open_and_comes_back_logged_in() -> None:
    async def main() -> tuple[bytes, list[list[str]]]:
        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            if '"cut"' in frame:
                await connection.close()
            else:
                await connection.send(frame)

        async with venue(answer) as peer:
            calls = rpc(peer)
            with pytest.raises(OutcomeUnknown):
                await calls.exchange('{"id":1,"method":"cut"}', 1)
            body = await calls.exchange('{"id":2,"method":"x"}', 2)
            await calls.close()
            return body, peer.frames

    body, frames = run(main())
    assert msgspec.json.decode(body, type=Rpc).id == 2
    assert [[msgspec.json.decode(frame, type=Rpc).id for frame in one] for one in frames] == [
        ["login", 1],
        ["login", 2],
    ]


def test_nothing_is_called_without_a_login() -> None:
    async def main() -> list[list[str]]:
        async def answer(peer: Peer, connection: ServerConnection, frame: str) -> None:
            """Deaf."""

        async with venue(answer) as peer:
            calls = rpc(peer)
            with pytest.raises(VenueDown):
                await calls.exchange('{"id":1,"method":"x"}', 1)
            await calls.close()
            return peer.frames

    assert run(main()) == [['{"id":"login","method":"login"}']]

"""The journal: no secret in any row, one row for a broadcast, and one digest for one run."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venueproof_simulators.host.journal import TEXT_LIMIT, Blanker, Journal, RowKind
from venueproof_simulators.host.simulator import Simulator

Virtual = Callable[..., Simulator]
World = Any


def _texts(simulator: Simulator) -> str:
    return "\n".join(f"{row.label} {row.text} {row.note}" for row in simulator.journal.rows())


def test_no_secret_is_journalled_wherever_it_stands(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        base = world.simulator.rest_url
        key, secret = world.venue.credentials.values()
        await world.get("/token")
        await world.get(f"/echo?listenKey=listen-token-0001&signature=5160ab&apiKey={key}")
        async with world.client.post(
            f"{base}/echo", data=b'{"sign": "c2lnbmVk=="}', headers={"X-MBX-APIKEY": key}
        ) as reply:
            await reply.read()
        socket = await world.listen()
        await socket.send_str(f'{{"op":"login","args":["{key}","{secret}"]}}')
        await asyncio.sleep(1)

    texts = _texts(virtual(story))
    for hidden in ("listen-token", "5160ab", "toy-key", "toy-secret", "c2lnbmVk"):
        assert hidden not in texts
    assert "<secret 1>" in texts
    assert "signature=<blanked>" in texts


def test_a_secret_that_crosses_the_limit_of_a_row_is_blanked() -> None:
    journal = Journal()
    journal.learn_from(lambda: ["abcdefghij" * 6])
    journal.add(RowKind.REPLY, 1, (1,), text="." * (TEXT_LIMIT - 5) + "abcdefghij" * 6 + "." * 5000)
    (row,) = journal.rows()
    assert "abc" not in row.text
    assert len(row.text) == TEXT_LIMIT
    assert row.note == f"{TEXT_LIMIT + 5055} long"


@given(st.lists(st.text("abcXYZ0123+/=", min_size=4, max_size=12), min_size=1, max_size=4), st.randoms())
def test_blanking_leaves_no_secret(secrets: list[str], shuffle: random.Random) -> None:
    blanker = Blanker()
    blanker.learn(secrets)
    parts = [*secrets, "GET /x?", "&", "{}"]
    shuffle.shuffle(parts)
    blanked = blanker.blank(" ".join(parts))
    assert not [secret for secret in secrets if secret in blanked]


def test_of_headers_only_those_about_budgets_are_journalled(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        await world.get("/budget")

    (row,) = [row for row in virtual(story).journal.rows() if row.kind is RowKind.REPLY]
    assert row.note == "X-Toy-Used-1M: 7"


def test_a_broadcast_is_one_row(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        sockets = [await world.listen("/market") for _ in range(3)]
        world.say("book", "levels")
        assert [(await socket.receive()).data for socket in sockets] == ["levels"] * 3

    (row,) = [row for row in virtual(story).journal.rows() if row.text == "levels"]
    assert row.connections == (1, 2, 3)
    assert (row.kind, row.topic, row.connection) == (RowKind.FRAME_OUT, "book", 1)


async def _busy(world: World) -> None:
    sockets = [await world.listen(path) for path in ("/account", "/market", "/market")]
    for _ in range(5):
        await asyncio.gather(*(world.order() for _ in range(4)))
        world.say("ticker", "tick")
    for socket in sockets:
        await socket.close()


def test_one_run_has_one_digest_and_another_has_another(virtual: Virtual) -> None:
    async def longer(world: World) -> None:
        await _busy(world)
        await world.order()

    digests = [virtual(story).journal.digest() for story in (_busy, _busy, longer)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(("twice", "same"), [(True, True), (False, False)])
def test_random_ids_count_by_first_appearance(twice: bool, same: bool) -> None:
    def digest(first: str, second: str) -> str:
        journal = Journal()
        for client_id in (first, second):
            journal.add(RowKind.REQUEST, 1, (1,), text=f"POST /order?newClientOrderId={client_id}&quantity=1")
        return journal.digest()

    one = digest("x-9f86d081884c7d659a2f", "x-9f86d081884c7d659a2f")
    other = digest("x-60303ae22b998861bce3", "x-60303ae22b998861bce3" if twice else "x-aaaa3ae22b998861bce3")
    assert (one == other) is same


def test_a_limit_bounds_the_rows_and_not_their_count() -> None:
    journal = Journal(limit=10)
    for number in range(25):
        journal.add(RowKind.REQUEST, number, (1,))
        if number == 17:
            journal.rows()
    assert [row.at_ns for row in journal.rows()] == list(range(15, 25))
    assert len(journal) == 25
    assert [row.at_ns for row in journal.rows(since=23)] == [23, 24]
    assert len(journal.rows(since=3)) == 10


def test_rows_can_be_read_while_more_come(virtual: Virtual) -> None:
    async def story(world: World) -> None:
        await world.get("/value")
        seen = len(world.simulator.journal)
        assert [row.kind for row in world.simulator.journal.rows()] == [RowKind.REQUEST, RowKind.REPLY]
        await world.get("/time")
        labels = {row.label for row in world.simulator.journal.rows(since=seen)}
        assert labels == {"GET /time"}

    virtual(story)

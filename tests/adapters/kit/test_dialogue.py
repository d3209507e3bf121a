"""Questions and answers over one connection."""

from __future__ import annotations

import asyncio

import pytest

from venueproof.virtual import run
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_contracts.errors import OutcomeUnknown, Reason, Rejected, VenueDown


class Wire:
    """A dialogue whose frames end in a list."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.dialogue = Dialogue("test", self.send)

    async def send(self, frame: str) -> None:
        self.sent.append(frame)


def test_answers_out_of_order_reach_who_asked() -> None:
    async def main() -> list[list[bytes]]:
        dialogue = Wire().dialogue
        asked = [asyncio.create_task(dialogue.ask("?", number)) for number in (5, 6)]
        await asyncio.sleep(0)
        dialogue.answer(6, b"six")
        dialogue.answer(5, b"five")
        return list(await asyncio.gather(*asked))

    assert run(main()) == [[b"five"], [b"six"]]


def test_a_late_answer_is_dropped_and_nothing_is_kept_of_the_question() -> None:
    async def main() -> tuple[int, bool]:
        dialogue = Wire().dialogue
        with pytest.raises(OutcomeUnknown):
            await dialogue.ask("order", 5)
        return dialogue.pending, dialogue.answer(5, b"done")

    assert run(main()) == (0, False)


def test_one_refused_channel_of_a_frame_is_told_and_the_others_are_not_waited_for() -> None:
    async def main() -> int:
        dialogue = Wire().dialogue
        asked = asyncio.create_task(dialogue.ask("subscribe", "orders", "fills", "other"))
        await asyncio.sleep(0)
        dialogue.answer("orders")
        dialogue.refuse("fills", Rejected(Reason.NOT_ALLOWED))
        dialogue.refuse("other", Rejected(Reason.NOT_ALLOWED))
        with pytest.raises(Rejected):
            await asked
        return dialogue.pending

    assert run(main()) == 0


def test_the_same_question_twice_is_answered_in_the_order_of_asking() -> None:
    async def main() -> list[list[bytes]]:
        dialogue = Wire().dialogue
        asked = [asyncio.create_task(dialogue.ask("?", "same")) for _ in range(2)]
        await asyncio.sleep(0)
        dialogue.answer("same", b"first")
        dialogue.answer("same", b"second")
        return list(await asyncio.gather(*asked))

    assert run(main()) == [[b"first"], [b"second"]]


def test_the_end_of_the_connection_leaves_a_deed_open_and_a_question_unasked() -> None:
    async def main() -> None:
        dialogue = Wire().dialogue
        deed = asyncio.create_task(dialogue.ask("order", 1))
        question = asyncio.create_task(dialogue.demand("subscribe", 2))
        await asyncio.sleep(0)
        dialogue.fail("closed with 1006")
        with pytest.raises(OutcomeUnknown):
            await deed
        with pytest.raises(VenueDown):
            await question

    run(main())

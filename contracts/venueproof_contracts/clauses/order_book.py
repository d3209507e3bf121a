"""The order book: what a snapshot says, and what a stream says after something was missed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from venueproof_contracts.actions import AddLiquidity, DelayMessage, Matcher, Operation
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.model import Book, Channel, Level, Side, StreamEvent, StreamState
from venueproof_contracts.wording import words

DEPTH = 5
SETTLE_S = 15
STIRRED = 100
"""Levels: each is changed once, so that no later change makes up for one that was missed."""
NOTICED = {StreamState.GAP, StreamState.DOWN}


@clause(
    "BOK-010",
    "a snapshot is the venue's book, best first",
    why="Sides swapped or levels the wrong way round quote a price nobody gives: the order crosses and pays.",
    capabilities={Capability.BOOK},
    powers=(TRUTH, AddLiquidity),
)
async def book_snapshot(case: Case) -> None:
    """A snapshot holds the venue's levels, best first on both sides, not crossed, no deeper than asked, with amounts
    in contracts."""
    for side in Side:
        await _stir(case, side)
    book = await case.adapter.book(case.symbol, DEPTH)
    case.check(0 < len(book.bids) <= DEPTH, f"{len(book.bids)} bids for a depth of {DEPTH}")
    await _check_book(case, book)


async def _check_book(case: Case, book: Book | None, depth: int = DEPTH) -> None:
    case.check(book is not None, "no book was heard")
    if book is None:
        return
    true = (await case.bench.market(case.symbol)).book
    _check_levels(case, "bids", book.bids[:depth], true.bids)
    _check_levels(case, "asks", book.asks[:depth], true.asks)


def _check_levels(case: Case, name: str, seen: Sequence[Level], true: Sequence[Level]) -> None:
    case.check(bool(seen) or not true, f"no {name}")
    there = list(true[: len(seen)])
    case.check(list(seen) == there, f"{name} {words(list(seen))}, at the venue {words(there)}")


@clause(
    "BOK-020",
    "a gap in the book stream is noticed",
    why="After one lost update the local book is wrong for good, and quotes are computed from levels that are gone.",
    capabilities={Capability.STREAM_BOOK},
    powers=(TRUTH, AddLiquidity),
    kind="book.gap",
)
async def book_gap(case: Case) -> None:
    """When an update of a streamed book was lost the adapter notices (a managed one says so), and its book equals the
    venue's again."""
    await case.adapter.subscribe(Channel.BOOK, case.symbol)
    await _stir(case, Side.SELL)
    await case.wait_for(lambda: case.symbol in case.fold.books, SETTLE_S)
    mark = len(case.fold.stream)
    await case.provoke()
    for side in (Side.BUY, Side.SELL, Side.SELL):  # the first is lost, and no later one tells of its level again
        await _stir(case, side)
        await case.bench.sleep(1)
    await case.bench.sleep(SETTLE_S)
    await case.bench.settle()
    await _check_book(case, case.fold.books.get(case.symbol))
    if case.managed:
        _check_said(case, case.fold.stream[mark:])


async def _stir(case: Case, side: Side) -> None:
    """Change the best level of one side: a stranger joins it."""
    book = (await case.bench.market(case.symbol)).book
    best = (book.bids if side is Side.BUY else book.asks)[0]
    await case.bench.do(AddLiquidity(case.symbol, side, best.price, case.amount()))


def _check_said(case: Case, events: Sequence[StreamEvent]) -> None:
    states = [event.state for event in events if event.channel is Channel.BOOK]
    said = next((at for at, state in enumerate(states) if state in NOTICED), None)
    case.check(said is not None, f"the stream said {words(states)}, and nothing of a gap")
    healed = said is not None and any(state not in NOTICED for state in states[said:])
    case.check(healed, f"the stream said {words(states)}, and not that it is whole again")


@clause(
    "BOK-030",
    "the book is right from the first moment on",
    why="A change that comes between subscription and snapshot is gone, and the book stays wrong until the next.",
    capabilities={Capability.STREAM_BOOK},
    powers=(TRUTH, AddLiquidity, DelayMessage),
    kind="book.early",
)
async def early_change(case: Case) -> None:
    """When changes come before the acknowledgement of a subscription, and others while its snapshot is on the way, none
    of them is missing in the book that is told."""
    await case.provoke()
    await case.bench.do(DelayMessage(Matcher(operation=Operation.BOOK), Decimal(1)))
    stirring = asyncio.create_task(_stir_for(case, rounds=STIRRED))
    try:
        await case.adapter.subscribe(Channel.BOOK, case.symbol)
    finally:
        await stirring
    await case.wait_for(lambda: case.symbol in case.fold.books, SETTLE_S)
    await case.bench.sleep(1)
    await _check_book(case, case.fold.books.get(case.symbol), STIRRED)


async def _stir_for(case: Case, rounds: int) -> None:
    """Change the book all the time, each time at another level than before and after."""
    best = (await case.bench.market(case.symbol)).book.bids[0].price
    for step in range(rounds):
        price = best - step % STIRRED * case.instrument.price_tick
        await case.bench.do(AddLiquidity(case.symbol, Side.BUY, price, case.amount()))
        await case.bench.sleep(0.02)

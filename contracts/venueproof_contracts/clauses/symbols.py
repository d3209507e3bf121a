"""Symbols: one notation, and nothing that looks like an empty account when it is misspelt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from msgspec import structs

from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.errors import AdapterError, OutcomeUnknown
from venueproof_contracts.model import OrderRef
from venueproof_contracts.wording import words

FIRST_INSTRUMENTS = 10
"""How many of the listed instruments are asked for."""


@clause(
    "SYM-010",
    "an unknown symbol is an error",
    why="A strategy with a mistyped symbol reads 'no orders, no fills', believes it is flat, and opens again.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.FILLS},
)
async def unknown_symbol(case: Case) -> None:
    """Asking about or trading a symbol that the venue does not list raises an error, and is never answered with an
    empty list or with figures; the listed symbol is served as before."""
    nowhere = f"ZQX{case.instrument.base}/{case.instrument.quote}:{case.instrument.settle}"
    intent = case.resting()
    await case.expect(AdapterError, case.adapter.open_orders(nowhere))
    await case.expect(AdapterError, case.adapter.fills(nowhere, None))
    await case.expect(AdapterError, case.adapter.order(OrderRef(nowhere, intent.intent_id)))
    if case.supports(Capability.TICKER):
        await case.expect(AdapterError, case.adapter.ticker(nowhere))
    if case.supports(Capability.CANDLES):
        await case.expect(AdapterError, case.adapter.candles(nowhere, "1m", None, 5))
    error = await case.expect(AdapterError, case.adapter.place(structs.replace(intent, instrument=nowhere)))
    case.check(not isinstance(error, OutcomeUnknown), f"placing on an unknown symbol raised {words(error)}")
    await case.rest()
    case.check(bool(await case.adapter.open_orders(case.symbol)), f"open_orders() of {case.symbol} is empty after that")


@clause(
    "SYM-020",
    "symbols round-trip",
    why="An event under another spelling is not matched to its strategy: the fill happens and nobody books it.",
    capabilities={Capability.INSTRUMENTS, Capability.PLACE, Capability.OPEN_ORDERS, Capability.STREAM_ORDERS},
    powers=(),
)
async def symbols_round_trip(case: Case) -> None:
    """Every listed instrument can be asked for by the symbol it is listed under, and answers and events carry that
    symbol and no other spelling."""
    listed = [one.symbol for one in await case.adapter.instruments()]
    case.check(case.symbol in listed, f"{case.symbol} is not listed, but {listed[:FIRST_INSTRUMENTS]} are")
    case.check(len(set(listed)) == len(listed), "a symbol is listed twice")
    for symbol in listed[:FIRST_INSTRUMENTS]:
        await case.adapter.open_orders(symbol)
    await case.listen()
    placed = await case.adapter.place(case.resting())
    opened = await case.adapter.open_orders(case.symbol)
    await case.wait_for(lambda: case.fold.order_steps, 10)
    heard = case.fold.order_steps
    case.check(bool(opened), "open_orders() does not list the order")
    case.check(bool(heard), "the order was not heard of")
    spellings = {order.ref.instrument for order in (placed, *opened, *heard)}
    case.check(spellings == {case.symbol}, f"orders on {case.symbol} came back as {sorted(spellings)}")


@clause(
    "SYM-030",
    "another spelling never reads as empty",
    why="Asked by the venue's or the spot spelling, a client-side filter finds nothing, and a clean-up leaves stops "
    "and positions behind.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.FILLS},
)
async def another_spelling(case: Case) -> None:
    """A spelling that is not the unified symbol (the venue's own, or that of the spot pair) is an error or is answered
    rightly, and is never answered as if there were no orders and no fills."""
    await case.trade()
    await case.rest()
    spot = f"{case.instrument.base}/{case.instrument.quote}"
    for spelling in (case.instrument.spelling, spot):
        await _check_not_empty(case, spelling, case.adapter.open_orders)
        await _check_not_empty(case, spelling, lambda name: case.adapter.fills(name, None))


async def _check_not_empty(case: Case, spelling: str, ask: Callable[[str], Awaitable[Sequence[object]]]) -> None:
    try:
        answer = await ask(spelling)
    except AdapterError:
        return
    case.check(bool(answer), f"{spelling!r} was answered with an empty list while {case.symbol} has entries")

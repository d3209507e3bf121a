"""A clause: one promise, why it hurts when it is not kept, what it needs, and the code that tells.

A clause is an async function in `clauses/<section>.py`, marked by `@clause`. Its docstring is the promise, printed in
certificates as it stands. It talks to an adapter and to a bench and never learns which venue that is.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from functools import cache
from importlib import import_module

from msgspec import Struct

from venueproof_contracts.actions import Action, action_name
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case

SECTIONS: dict[str, str] = {
    "SYM": "symbols",
    "INS": "instruments",
    "TIM": "clock",
    "AUT": "authentication",
    "ERR": "errors",
    "RAT": "rate limits",
    "CAN": "candles",
    "BOK": "order book",
    "MKT": "ticker, funding, open interest",
    "ORD": "orders",
    "CON": "conditional and trailing orders",
    "AMD": "amendment",
    "STA": "order states",
    "FIL": "fills",
    "POS": "positions",
    "BAL": "balances",
    "MAR": "margin and leverage",
    "CFG": "account configuration",
    "WSS": "streams",
    "REC": "recovery",
    "UNK": "unknown outcomes",
    "LIF": "life-cycle",
    "SAF": "safety",
}


class Strength(StrEnum):
    """How much a promise binds."""

    MUST = "MUST"
    SHOULD = "SHOULD"


ClauseCode = Callable[[Case], Awaitable[None]]


class Clause(Struct, frozen=True):
    """One checkable promise. `kind` is the kind of trouble that it runs over, empty for none."""

    id: str
    title: str
    promise: str
    why: str
    strength: Strength
    capabilities: frozenset[Capability]
    powers: frozenset[str]
    kind: str
    managed_only: bool
    """Judges an adapter's own view of the account; a library makes no such promise."""
    no_start: bool
    """The clause starts the adapter itself, or looks at what starting does."""
    code: ClauseCode

    @property
    def section(self) -> str:
        """The three letters before the number."""
        return self.id[:3]


def clause(
    id: str,
    title: str,
    *,
    why: str,
    strength: Strength = Strength.MUST,
    capabilities: Iterable[Capability] = (),
    powers: Iterable[type[Action] | str] = (TRUTH,),
    kind: str = "",
    managed_only: bool = False,
    no_start: bool = False,
) -> Callable[[ClauseCode], Clause]:
    """Mark a function as a clause. Its docstring is the promise."""

    def mark(code: ClauseCode) -> Clause:
        return Clause(
            id=id,
            title=title,
            promise=" ".join((code.__doc__ or "").split()),
            why=why,
            strength=strength,
            capabilities=frozenset(capabilities),
            powers=frozenset(power if isinstance(power, str) else action_name(power) for power in powers),
            kind=kind,
            managed_only=managed_only,
            no_start=no_start,
            code=code,
        )

    return mark


@cache
def all_clauses() -> tuple[Clause, ...]:
    """Every clause in `clauses/`, found by walking the folder, in order of section and number."""
    package = import_module("venueproof_contracts.clauses")
    found = [
        value
        for module in pkgutil.iter_modules(package.__path__)
        for value in vars(import_module(f"{package.__name__}.{module.name}")).values()
        if isinstance(value, Clause)
    ]
    order = list(SECTIONS)
    return tuple(sorted(found, key=lambda one: (order.index(one.section), one.id)))

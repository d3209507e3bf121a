"""How a venue shows a neutral kind of trouble: functions in its `provocations`, found by their decorator."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from msgspec import Struct

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.venue import Provoked

ProvocationCode = Callable[[Controls, str], Provoked]
"""Given the levers and a unified symbol, prepare the trouble and say what a clause must know of it. May raise
`NotShown`."""


class NotShown(LookupError):
    """This instrument has nothing that the trouble could befall; the message says what is not there."""


class Provocation(Struct, frozen=True):
    """One way to show one kind of trouble. `quirk` is the id of its row in the register.

    A row that can be switched has its case in the profiles that it is on in; with `either` also where it is off, and
    the case shows what the row says of the position that it finds.
    """

    kind: str
    quirk: str
    code: ProvocationCode
    either: bool = False


def provocation(kind: str, quirk: str, *, either: bool = False) -> Callable[[ProvocationCode], Provocation]:
    """Mark a function of a venue's `provocations`."""

    def mark(code: ProvocationCode) -> Provocation:
        return Provocation(kind=kind, quirk=quirk, code=code, either=either)

    return mark


def provocations_of(module: ModuleType) -> tuple[Provocation, ...]:
    """The marked functions of a module, or of all modules of a package, in the order they stand there."""
    names = [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", ()))]
    modules = [module, *(import_module(f"{module.__name__}.{name}") for name in names)]
    return tuple(value for one in modules for value in vars(one).values() if isinstance(value, Provocation))

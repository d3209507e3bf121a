"""Adapters that are broken in exactly one way each: a clause is proven by the one that it must tell from a good one.

Most wrap any adapter through the protocol (`broken`); some are the native adapter with one of its parts exchanged
(`exchanged`). They ship with the product, because a certificate runs them. Those that break the parsing of one venue's
messages stand in its folder: `native/<venue>/mutants.py`.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from venueproof_adapters import native
from venueproof_adapters.mutants.making import Mutant

__all__ = ["Mutant", "all_mutants"]


@cache
def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant in this folder and in those of the venues, in order of the clauses that must tell them."""
    names = [f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)]
    names += [name for venue in native.venues() if find_spec(name := f"{native.__name__}.{venue}.mutants")]
    found = [value for name in names for value in vars(import_module(name)).values() if isinstance(value, Mutant)]
    return tuple(sorted(found, key=lambda mutant: (mutant.clause, mutant.name)))

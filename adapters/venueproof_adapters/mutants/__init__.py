"""Adapters that are broken in exactly one way each: a clause is proven by the one that it must tell from a good one.

Most wrap any adapter through the protocol (`broken`); some are the native adapter with one of its parts exchanged
(`exchanged`). They ship with the product, because a certificate runs them.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from venueproof_adapters.mutants._making import Mutant

__all__ = ["Mutant", "all_mutants"]


@cache
def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant in this folder, in order of the clauses that must tell them."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Mutant)]
    return tuple(sorted(found, key=lambda mutant: (mutant.clause, mutant.name)))

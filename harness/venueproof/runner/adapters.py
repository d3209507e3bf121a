"""Finds the adapters that a user names: entry points of the group `venueproof.adapters`, or `module:factory`."""

from __future__ import annotations

import sys
from decimal import localcontext
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from msgspec import Struct

from venueproof.usage import UsageError, error_text, nearest
from venueproof_contracts.adapter import AdapterFactory

GROUP = "venueproof.adapters"


class Found(Struct, frozen=True):
    """An adapter's factory. `through_proxy`: it keeps the venue's production URLs and wants a proxy to reach us."""

    name: str
    target: str
    factory: AdapterFactory
    through_proxy: bool


@cache
def named_adapters() -> dict[str, EntryPoint]:
    """The adapters that installed packages offer, by name."""
    return {one.name: one for one in sorted(entry_points(group=GROUP), key=lambda one: one.name)}


def find_adapter(name: str) -> Found:
    """The adapter a user means. Raises UsageError, in one line, when there is none or it cannot be imported."""
    if name.startswith("exec:"):
        raise UsageError(f"{name}: adapters in other languages are planned and not built; name a Python factory")
    target = name if ":" in name else _target_of(name)
    factory = _imported(name, target)
    through_proxy = bool(getattr(factory, "through_proxy", False))
    return Found(name=name, target=target, factory=factory, through_proxy=through_proxy)


def _target_of(name: str) -> str:
    known = named_adapters()
    if name not in known:
        hint = nearest(name, known)
        raise UsageError(f"{name}: no adapter of that name{hint}; write module:factory, or see `venueproof adapters`")
    return known[name].value


def _imported(name: str, target: str) -> AdapterFactory:
    module_name, _, attribute = target.partition(":")
    _allow_current_folder()
    try:
        value = _attribute(module_name, attribute)
    except AttributeError:
        raise UsageError(f"{name}: {module_name} has no {attribute!r}; name a factory(endpoint, credentials)") from None
    except (Exception, SystemExit) as error:
        problem = f"{type(error).__name__}: {error_text(error)}"
        cure = "let importing it not exit" if isinstance(error, SystemExit) else "run where it can be imported"
        raise UsageError(f"{name}: cannot import {module_name}: {problem}; {cure}") from None
    if not callable(value):
        raise UsageError(f"{name}: {target} is {type(value).__name__}; name a factory(endpoint, credentials)")
    return cast("AdapterFactory", value)


def _attribute(module_name: str, attribute: str) -> object:
    """What the module has there. Importing may change the decimal context, which is ours too."""
    with localcontext():
        value: object = import_module(module_name)
    for part in attribute.split("."):
        value = getattr(value, part)
    return value


def _allow_current_folder() -> None:
    """Installed console scripts do not look there, and a user's own adapter mostly lives there."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)

"""Whether a value has the shape that a type annotation promises.

msgspec checks what it decodes, not what Python code builds; an adapter that hands out a float for a Decimal, or a dict
for an Order, would otherwise fail somewhere inside a clause and look like our mistake.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from msgspec import Struct


def misfit(value: object, expected: Any) -> str:
    """One line on the first place where `value` is not of type `expected`; empty when it is."""
    if type(value) is expected:
        return _fields_misfit(value) if isinstance(value, Struct) else ""
    origin = typing.get_origin(expected)
    if origin is typing.Union or origin is types.UnionType:
        return _union_misfit(value, typing.get_args(expected))
    if origin in (list, tuple):
        return _items_misfit(value, origin, typing.get_args(expected)[0])
    if origin is dict:
        return "" if isinstance(value, dict) else _wrong(value, expected)
    if expected is None or expected is type(None):
        return "" if value is None else _wrong(value, expected)
    if not _is_instance(value, expected):
        return _wrong(value, expected)
    return _fields_misfit(value) if isinstance(value, Struct) else ""


def _is_instance(value: object, expected: type) -> bool:
    """As isinstance; but True is no number here."""
    return isinstance(value, expected) and not (isinstance(value, bool) and expected is int)


def _union_misfit(value: object, choices: Sequence[Any]) -> str:
    found = [misfit(value, choice) for choice in choices]
    if "" in found:
        return ""
    inner = next((text for text, choice in zip(found, choices, strict=True) if type(value) is choice), None)
    return inner or _wrong(value, " or ".join(_name(choice) for choice in choices))


def _items_misfit(value: object, kind: type, item: Any) -> str:
    if not isinstance(value, kind):
        return _wrong(value, kind)
    items = enumerate(cast("Sequence[object]", value))
    return next((f"[{index}]{text}" for index, one in items if (text := misfit(one, item))), "")


@cache
def _hints(kind: type[Struct]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}


def _fields_misfit(value: Struct) -> str:
    for name, expected in _hints(type(value)).items():
        if text := misfit(getattr(value, name), expected):
            return f".{name}{text}"
    return ""


def _name(expected: Any) -> str:
    if isinstance(expected, str):
        return expected
    return "None" if expected in (None, type(None)) else getattr(expected, "__name__", str(expected))


def _wrong(value: object, expected: Any) -> str:
    return f" is {type(value).__name__}, not {_name(expected)}"

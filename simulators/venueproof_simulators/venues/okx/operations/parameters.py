"""What callers send, in OKX's manner: an empty text and null are as good as nothing sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from venueproof_simulators.kit.parameters import Parameters, as_parameters, decode_json, read_pairs
from venueproof_simulators.kit.refusing import VenueError

NOTHING = Parameters({})
_MS = 1_000_000


def read_query(query: str) -> Parameters:
    """The values of a query. Raises `VenueError`."""
    return Parameters({name: value for name, value in read_pairs(query).items() if value}) if query else NOTHING


def read_body(body: bytes) -> tuple[Parameters, tuple[Parameters, ...] | None]:
    """The values of a JSON object, or those of each object of a list (None: no list). Raises `VenueError`."""
    if not body.strip():
        raise VenueError("body-empty")
    document = decode_json(body)
    if isinstance(document, list):
        return NOTHING, tuple(as_object(row) for row in cast(list[object], document))
    return as_object(document), None


def as_object(value: object) -> Parameters:
    """An object of JSON without what is empty. Raises `VenueError`."""
    if isinstance(value, dict):
        return as_parameters(_filled(cast(dict[str, object], value)), "")
    raise VenueError("not-json")


def _filled(sent: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in sent.items() if value not in ("", None)}


def instrument_ids(parameters: Parameters) -> list[str]:
    """`instId`, which may be a list with commas; empty for all. Raises `VenueError` for more than ten."""
    names = [name for name in (parameters.raw("instId") or "").split(",") if name]
    if len(names) > 10:
        raise VenueError("not-valid", parameter="instId")
    return names


def limit(parameters: Parameters, most: int = 100, default: int | None = None) -> int:
    """`limit`: more than there may be counts as the most. Raises `VenueError`."""
    value = parameters.integer("limit")
    if value is None:
        return most if default is None else default
    if value == 0:
        raise VenueError("not-valid", parameter="limit")
    return min(value, most)


def instrument_type(parameters: Parameters, allowed: frozenset[str], *, mandatory: bool) -> str:
    """`instType`. Raises `VenueError`."""
    value = parameters.text("instType") if mandatory else parameters.raw("instType") or ""
    if value and value not in allowed:
        raise VenueError("not-valid", parameter="instType")
    return value


def moment_ns(ms: int | None) -> int | None:
    """A time in ms as ns, no later than what the engine can count."""
    return None if ms is None else min(ms, 2**53) * _MS

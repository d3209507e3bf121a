"""A JSON-RPC request, read: out of a frame, out of a body, or out of a path and a query.

What is wrong with a request is found in this order: it is no JSON, no object (a batch is none), its `jsonrpc` is
another, its `id` is neither a number nor a string, its `method` is no text, its `params` are no object.
"""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct

from venueproof_simulators.kit.parameters import Parameters, as_parameters, decode_json, read_pairs
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.wire.envelope import Id

NOTHING = Parameters({})
_METHOD_MAX = 80
_LISTS = frozenset({"channels", "otoco_config"})


class Request(Struct, frozen=True):
    """One request. `fault` is why it cannot be carried out."""

    id: Id = None
    method: str = ""
    parameters: Parameters = NOTHING
    fault: VenueError | None = None


def read_text(text: str | bytes, named: str = "") -> Request:
    """A request out of JSON; `named`: the method where it names none itself."""
    try:
        decoded = decode_json(text)
    except VenueError as fault:
        return Request(fault=fault)
    if not isinstance(decoded, dict):
        return Request(fault=VenueError("invalid-request"))
    document = cast(dict[str, Any], decoded)
    id, legal = _id(document)
    method = document.get("method", named or None)
    name = method[:_METHOD_MAX] if isinstance(method, str) else ""
    if not legal or document.get("jsonrpc", "2.0") != "2.0" or not isinstance(method, str):
        return Request(id, name, fault=VenueError("invalid-request"))
    try:
        params = document.get("params")
        parameters = NOTHING if params is None else as_parameters(params, "params")
    except VenueError as fault:
        return Request(id, name, fault=fault)
    return Request(id, name, parameters)


def _id(document: dict[str, Any]) -> tuple[Id, bool]:
    """The id, and whether it is a legal one: a number, a string, or none at all."""
    id: object = document.get("id")
    if isinstance(id, bool) or not isinstance(id, int | float | str | None):
        return None, False
    # A number with a fraction was kept as it is spelled, so that amounts are exact; an id is given back as a number.
    return (float(id) if type(id) is not str and isinstance(id, str) else id), True


def read_query(method: str, query: str) -> Request:
    """A request out of a path and a query, in which a list is written as JSON. A parameter `id` is given back."""
    try:
        values = read_pairs(query) if query else {}
    except VenueError as fault:
        return Request(None, method, fault=fault)
    id = values.pop("id", None)
    number = int(id) if id is not None and id.isascii() and id.isdigit() and len(id) < 20 else id
    return Request(number, method, Parameters(values, {name: _listed(values[name]) for name in _LISTS & set(values)}))


def _listed(text: str) -> object:
    """A list, or whatever else a parameter's text is."""
    try:
        return decode_json(text.encode())
    except VenueError:
        return text

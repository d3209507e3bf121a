"""The control plane's OpenAPI document, generated from the contracts' structs."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from venueproof_contracts.actions import ACTION_TYPES, ActionResult, action_name
from venueproof_contracts.bench import MarketTruth, Provocation, Provoked, Truth, WireRow
from venueproof_simulators.host.facts import QuirkRow

_REF = "#/components/schemas/{name}"
_ANSWERS: tuple[type, ...] = (ActionResult, Truth, MarketTruth, WireRow, Provocation, Provoked, QuirkRow)


@cache
def document(prefix: str) -> dict[str, Any]:
    """The document, for paths below `prefix`."""
    _, schemas = msgspec.json.schema_components([*ACTION_TYPES, *_ANSWERS], ref_template=_REF)
    schemas["Problem"] = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    schemas["Provoke"] = _object("kind", "case", "instrument")
    return {
        "openapi": "3.1.0",
        "info": {"title": "venueproof control plane", "version": "1"},
        "paths": {prefix + name: {method: operation} for name, method, operation in _operations()},
        "components": {"schemas": schemas},
    }


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        ("actions", "post", _operation("Do one action", _named(ActionResult), body=_any_action())),
        ("provoke", "post", _operation("Show one kind of trouble", _named(Provoked), body=_ref("Provoke"))),
        ("settle", "post", _operation("Return when nothing is pending", _named(ActionResult), body={})),
        ("truth", "get", _operation("The account as the engine has it", _named(Truth))),
        ("market", "get", _operation("The market of one instrument", _named(MarketTruth), query="instrument")),
        ("wire", "get", _operation("The journal from row `since` on", _list(WireRow), query="since")),
        ("powers", "get", _operation("Names of what this bench can do", {"type": "array"})),
        ("quirks", "get", _operation("The venue's quirk register", _list(QuirkRow))),
        ("provocations", "get", _operation("Trouble that can be shown", _list(Provocation))),
        ("openapi.json", "get", _operation("This document", {"type": "object"})),
    ]


def _operation(
    summary: str, answer: dict[str, Any], *, body: dict[str, Any] | None = None, query: str = ""
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": _content("done", answer), "400": _content("not understood", _ref("Problem"))},
    }
    if body is not None:
        operation["requestBody"] = {**_content("", body), "required": True}
    if query:
        operation["parameters"] = [{"name": query, "in": "query", "schema": {"type": "string"}}]
    return operation


def _content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _any_action() -> dict[str, Any]:
    mapping = {action_name(kind): _REF.format(name=kind.__name__) for kind in ACTION_TYPES}
    return {
        "oneOf": [_named(kind) for kind in ACTION_TYPES],
        "discriminator": {"propertyName": "do", "mapping": mapping},
    }


def _named(kind: type) -> dict[str, Any]:
    return _ref(kind.__name__)


def _list(kind: type) -> dict[str, Any]:
    return {"type": "array", "items": _named(kind)}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": _REF.format(name=name)}


def _object(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}

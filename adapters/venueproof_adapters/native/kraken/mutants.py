"""Mutants that only this venue's messages can show: its parsing is what is broken."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import structs

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.mutants.making import exchanged

_STATUS = re.compile(rb'"sendStatus":\{(?:"order_id":"[^"]*",)?"status":"(?!placed")[^"]*"')
_PLACED = b'"sendStatus":{"order_id":"4d5e1c3a-0000-4000-8000-000000000000","status":"placed"'


class ResultOnly(Http):
    """Looks at `result` alone: an order whose status is a refusal is the order that was sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        refused = _STATUS.search(reply.body) is not None
        placed = _STATUS.sub(_PLACED, reply.body)
        resting = placed.replace(b'"orderEvents":[]', b'"orderEvents":[{"type":"PLACE"}]')
        return structs.replace(reply, body=resting) if refused else reply


believes_the_result = exchanged(
    "ERR-030",
    "believes-the-result",
    "Does not look at the status of an order inside an answer that is a success.",
    venue="kraken",
    http=ResultOnly,
)

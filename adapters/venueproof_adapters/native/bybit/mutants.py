"""Mutants that only this venue's messages can show: its parsing is what is broken."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.mutants.making import exchanged

ACCEPTED = b'{"retCode":0,"retMsg":"OK","result":{"orderId":"4d5e1c3a-0000-4000-8000-000000000000","orderLinkId":""}}'
REFUSED = b'"retCode":110'


class StatusOnly(Http):
    """Looks at the status alone: an order that is refused inside a success is the order that was sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        refused = url.endswith("/order/create") and REFUSED in reply.body
        return structs.replace(reply, body=ACCEPTED) if refused else reply


believes_every_200 = exchanged(
    "ERR-030",
    "believes-every-200",
    "Does not look for a code inside an answer with a status of success.",
    venue="bybit",
    http=StatusOnly,
)

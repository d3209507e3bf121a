"""Mutants that only this venue's messages can show: its parsing is what is broken."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from msgspec import structs

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.mutants.making import exchanged
from venueproof_contracts.errors import NotSent


class StatusOnly(Http):
    """Looks at the status alone: an order that is refused inside a success is the order that was sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        if method == "POST" and reply.status == 200 and reply.body.startswith(b'{"code":-'):
            return structs.replace(reply, body=_as_if_accepted(body or b""))
        return reply


def _as_if_accepted(form: bytes) -> bytes:
    sent = dict(parse_qsl(form.decode()))
    return msgspec.json.encode(
        {
            "orderId": 4_000_000_000,
            "symbol": sent["symbol"],
            "status": "NEW",
            "clientOrderId": sent["newClientOrderId"],
            "price": sent["price"],
            "origQty": sent["quantity"],
            "executedQty": "0",
            "timeInForce": sent["timeInForce"],
            "type": sent["type"],
            "reduceOnly": False,
            "side": sent["side"],
            "positionSide": "BOTH",
            "updateTime": int(sent["timestamp"]),
        }
    )


believes_the_status = exchanged(
    "ERR-030",
    "believes-the-status",
    "Does not look for an error inside an answer with a status of success.",
    venue="binance",
    http=StatusOnly,
)


class LateIsLost(Http):
    """Takes an order that came too late for one that cannot be sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        if any(code in reply.body for code in LATE_CODES):
            raise NotSent("it came too late")
        return reply


LATE_CODES = (b'"code":-5028', b'"code":-4188')
"""The venue's words of its two products for a request that its engine found too old."""

gives_up_what_came_late = exchanged(
    "TIM-050",
    "gives-up-what-came-late",
    "Does not stamp an order again that came too late.",
    venue="binance",
    http=LateIsLost,
)

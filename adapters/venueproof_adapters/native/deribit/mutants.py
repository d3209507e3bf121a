"""Mutants that only this venue's messages can show: what is broken is its parsing, or its rhythm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import structs

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.kit.socket import Socket
from venueproof_adapters.mutants.making import exchanged
from venueproof_contracts.errors import NotSent

_VENUE = "deribit"
_PLACING = ("/private/buy", "/private/sell")


class StatusOnly(Http):
    """Looks at the status alone: an order that is refused inside a success is the order that was sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        if reply.status == 200 and url.endswith(_PLACING) and b'"error":' in reply.body:
            return structs.replace(reply, body=_as_if_accepted(url, body or b"{}"))
        return reply


def _as_if_accepted(url: str, body: bytes) -> bytes:
    sent = msgspec.json.decode(body)["params"]
    order = {
        "order_id": "4000000000",
        "order_state": "open",
        "order_type": sent["type"],
        "instrument_name": sent["instrument_name"],
        "direction": url.rpartition("/")[2],
        "price": sent["price"],
        "amount": sent["amount"],
        "label": sent["label"],
        "post_only": True,
        "last_update_timestamp": sent["valid_until"],
    }
    return msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "result": {"order": order, "trades": []}})


believes_the_status = exchanged(
    "ERR-030",
    "believes-a-status-of-200",
    "Does not look for an error inside an answer with a status of success.",
    venue=_VENUE,
    http=StatusOnly,
)


class LateIsLost(Http):
    """Takes an order that came too late for one that cannot be sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        if b'"code":13888' in reply.body:
            raise NotSent("it came too late")
        return reply


gives_up_what_came_late = exchanged(
    "TIM-050",
    "gives-up-what-timed-out",
    "Does not stamp an order again that came too late.",
    venue=_VENUE,
    http=LateIsLost,
)


class RefusalIsOutage(Http):
    """Takes a refusal for where one is, or for the address, for an outage."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        told = reply.body
        for code in (b"12005", b"13021"):
            told = told.replace(b'"code":' + code, b'"code":11051')
        return structs.replace(reply, body=told)


takes_a_restriction_for_an_outage = exchanged(
    "AUT-020",
    "takes-a-banned-country-for-an-outage",
    "Reports a venue as down that serves this account no more.",
    venue=_VENUE,
    http=RefusalIsOutage,
)


class EndlessTokens(Http):
    """Believes tokens to be good for a year, as examples on pages have it."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        return structs.replace(reply, body=reply.body.replace(b'"expires_in":900', b'"expires_in":31536000'))


takes_tokens_for_endless = exchanged(
    "WSS-030",
    "takes-tokens-for-endless",
    "Renews a token when it is refused, and not before.",
    venue=_VENUE,
    http=EndlessTokens,
)


class EndIsRefusal(Http):
    """Takes a token that has ended for a wrong key."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        return structs.replace(reply, body=reply.body.replace(b'"code":13009', b'"code":13004'))


takes_an_ended_token_for_a_wrong_key = exchanged(
    "AUT-040",
    "takes-an-ended-token-for-a-wrong-key",
    "Reports a refused key when a token has ended.",
    venue=_VENUE,
    http=EndIsRefusal,
)


class DeafToCalls(Socket):
    """Does not hear the venue's call for a sign of life."""

    def __init__(self, *, on_frame: Callable[[str | bytes], None], **options: Any) -> None:
        def hear(frame: str | bytes) -> None:
            if "test_request" not in str(frame):
                on_frame(frame)

        super().__init__(on_frame=hear, **options)


gives_no_sign_of_life = exchanged(
    "WSS-030",
    "gives-no-sign-of-life",
    "Does not answer when the venue asks for a sign of life.",
    venue=_VENUE,
    socket=DeafToCalls,
)


class DeafBeforeAnswers(Socket):
    """Does not hear what a book's channel tells before the subscription is answered."""

    def __init__(self, *, on_frame: Callable[[str | bytes], None], **options: Any) -> None:
        answered = False

        def hear(frame: str | bytes) -> None:
            nonlocal answered
            answered = answered or '"result":["book.' in str(frame)
            if answered or '"channel":"book.' not in str(frame):
                on_frame(frame)

        super().__init__(on_frame=hear, **options)


drops_what_precedes_the_answer = exchanged(
    "BOK-030",
    "drops-what-precedes-the-answer",
    "Drops a book's snapshot that comes before the subscription is answered.",
    venue=_VENUE,
    socket=DeafBeforeAnswers,
)

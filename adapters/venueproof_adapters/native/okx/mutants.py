"""Mutants that only this venue's messages can show: how its answers are read, or its requests named, is broken."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import structs

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.mutants.making import exchanged
from venueproof_contracts.errors import NotSent

PLACING = "/trade/order"
ACCEPTED = (
    b'{"code":"0","msg":"","data":[{"ordId":"2510789768709999999","clOrdId":"","sCode":"0","sMsg":"Order placed"}]}'
)
REFUSED_ROW, TIMED_OUT, LATE = b'{"code":"1"', b'"code":"50004"', b'"code":"50102"'
ORDER_OF = re.compile(r"/trade/order\?instId=([^&]+)")
RESTRICTIONS = (b'"50027"', b'"51155"', b'"50110"')


class StatusOnly(Http):
    """Looks at the status alone: an order that is refused inside a success is the order that was sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        refused = method == "POST" and url.endswith(PLACING) and reply.body.startswith(REFUSED_ROW)
        return structs.replace(reply, body=ACCEPTED) if refused else reply


reads_no_codes_of_rows = exchanged(
    "ERR-030",
    "reads-no-codes-of-rows",
    "Does not look for a refusal in the row of an answer with a status of success.",
    venue="okx",
    http=StatusOnly,
)


class RefusedByStatus(Http):
    """Takes every 400 for a sign that nothing was done."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        if reply.status == 400 and TIMED_OUT in reply.body:
            raise NotSent("status 400")
        return reply


takes_400_for_a_refusal = exchanged(
    "UNK-020",
    "takes-400-for-a-refusal",
    "Reports an order as not sent when the venue timed out over it, which it says with status 400.",
    venue="okx",
    http=RefusedByStatus,
)


class RestrictionIsOutage(Http):
    """Takes the codes of an account that is restricted for those of an outage."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        restricted = any(code in reply.body for code in RESTRICTIONS)
        return structs.replace(reply, status=503, body=b'{"code":"50001","msg":"","data":[]}') if restricted else reply


takes_a_restriction_for_an_outage = exchanged(
    "AUT-020",
    "takes-a-code-of-restriction-for-an-outage",
    "Reports a venue as down that serves this account no more, and says so in a row.",
    venue="okx",
    http=RestrictionIsOutage,
)


class LateIsLost(Http):
    """Takes an order that came too late for one that cannot be sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        if method == "POST" and LATE in reply.body:
            raise NotSent("it came too late")
        return reply


gives_up_what_was_stamped_too_early = exchanged(
    "TIM-050",
    "gives-up-what-was-stamped-too-early",
    "Does not stamp an order again that came too late.",
    venue="okx",
    http=LateIsLost,
)


class OneInstrument(Http):
    """Looks for every order on the instrument of the first one, as its one subscription would."""

    _first = ""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        found = ORDER_OF.search(url)
        self._first = self._first or (found[1] if found else "")
        if found is None or found[1] == self._first:
            return await super().send(method, url, headers, body)
        return Reply(200, {}, b'{"code":"51603","msg":"Order does not exist","data":[]}')


knows_one_instrument = exchanged(
    "ORD-130",
    "knows-the-orders-of-one-instrument",
    "Finds the orders of the instrument that it traded first, and no others.",
    venue="okx",
    http=OneInstrument,
)

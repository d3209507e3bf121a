"""The control plane: the bench over HTTP, under `/_venueproof/` on a venue's first origin.

It speaks the contracts' own structs and has no verb of its own. It answers this machine only, unless a token is set;
and never a web page of another site, which a browser would let post to a local port.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec
from aiohttp import web
from msgspec import Struct, field

from venueproof.openapi import document
from venueproof.usage import one_line
from venueproof_contracts.actions import ActionResult, AnyAction
from venueproof_contracts.bench import Bench, Provocation
from venueproof_simulators.host.facts import QuirkRow

PREFIX = "/_venueproof/"
BODY_BYTES_MAX = 1 << 20

Value = TypeVar("Value")
_DECODER = msgspec.json.Decoder(cast("type[AnyAction]", AnyAction))


class Provoke(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request to show one kind of trouble."""

    kind: str
    quirk: str = field(name="case")
    """Under the name that a certificate has for it."""
    instrument: str


class Denied(Exception):
    """The control plane does not answer this request."""

    def __init__(self, status: int, message: str) -> None:
        """`message` is one line."""
        super().__init__(message)
        self.status = status


class ControlPlane:
    """Serves one bench. Its `mount` is handed to the simulator."""

    def __init__(self, token: str = "") -> None:
        """With a token every request must carry it, and may come from anywhere."""
        self._token = token
        self._bench: Bench | None = None
        self._quirks: list[QuirkRow] = []
        self._routes: dict[tuple[str, str], Callable[[web.Request], Awaitable[object]]] = {
            ("POST", "actions"): self._act,
            ("POST", "provoke"): self._provoke,
            ("POST", "settle"): self._settle,
            ("GET", "truth"): self._truth,
            ("GET", "market"): self._market,
            ("GET", "wire"): self._wire,
            ("GET", "powers"): self._powers,
            ("GET", "quirks"): self._register,
            ("GET", "provocations"): self._provocations,
            ("GET", "openapi.json"): self._document,
        }

    def attach(self, bench: Bench, quirks: list[QuirkRow]) -> None:
        """Serve this bench from now on."""
        self._bench = bench
        self._quirks = quirks

    async def mount(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; bad input is a 400 with one line, never an exception."""
        try:
            check_access(request, self._token)
            answer = await self._route(request)(request)
        except Denied as error:
            return _problem(error.status, str(error))
        except (LookupError, ValueError, TypeError, RecursionError) as error:
            return _problem(400, one_line(str(error.args[0] if error.args else error)))
        return _json(200, answer)

    def _route(self, request: web.Request) -> Callable[[web.Request], Awaitable[object]]:
        name = request.path.removeprefix(PREFIX)
        route = self._routes.get((request.method, name))
        if route is not None:
            return route
        known = name in {known for _, known in self._routes}
        raise Denied(405 if known else 404, f"no {request.method} {name}; {PREFIX}openapi.json lists what there is")

    @property
    def bench(self) -> Bench:
        """The bench that is served. Raises `LookupError` before there is one."""
        if self._bench is None:
            raise LookupError("the venue is still starting")
        return self._bench

    async def _act(self, request: web.Request) -> ActionResult:
        return await self.bench.do(_DECODER.decode(await _body(request)))

    async def _provoke(self, request: web.Request) -> object:
        wish = msgspec.json.decode(await _body(request), type=Provoke)
        for one in self.bench.provocations(wish.kind):
            if one.quirk == wish.quirk:
                return await self.bench.provoke(one, wish.instrument)
        raise LookupError(f"no case {wish.quirk!r} of kind {wish.kind!r} in this profile")

    async def _settle(self, request: web.Request) -> ActionResult:
        await _body(request)
        await self.bench.settle()
        return ActionResult()

    async def _truth(self, request: web.Request) -> object:
        return await self.bench.truth()

    async def _market(self, request: web.Request) -> object:
        return await self.bench.market(request.query.get("instrument", ""))

    async def _wire(self, request: web.Request) -> object:
        since = request.query.get("since", "0")
        if not since.isdecimal():
            raise ValueError(f"since={since!r} is not a number of rows")
        return self.bench.wire(int(since))

    async def _powers(self, request: web.Request) -> list[str]:
        return sorted(self.bench.powers)

    async def _register(self, request: web.Request) -> list[QuirkRow]:
        return self._quirks

    async def _provocations(self, request: web.Request) -> list[Provocation]:
        kinds = sorted({row.provocation for row in self._quirks if row.provocation})
        return [one for kind in kinds for one in self.bench.provocations(kind)]

    async def _document(self, request: web.Request) -> dict[str, Any]:
        return document(PREFIX)


def check_access(request: web.Request, token: str) -> None:
    """Raise `Denied` unless the request may be answered."""
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, token.encode()):
            raise Denied(401, "send the token as 'Authorization: Bearer …'")
    elif not (_is_local(request.remote or "") and _is_local(_host_of(request.headers.get("Host", "")))):
        raise Denied(403, "the control plane answers this machine only; set a token to open it")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
        raise Denied(403, "web pages of other sites may not use the control plane")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Denied(403, "web pages of other sites may not use the control plane")


def _host_of(netloc: str) -> str:
    """The host of a Host header, without its port."""
    if netloc.startswith("["):
        return netloc[1:].partition("]")[0]
    return netloc.partition(":")[0]


def _is_local(host: str) -> bool:
    """An address of this machine; names other than localhost are not, since anybody can point one here."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        raise Denied(415, "send Content-Type: application/json")
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise Denied(413, f"larger than {BODY_BYTES_MAX} bytes")
    body = await request.content.read(BODY_BYTES_MAX + 1)
    while len(body) <= BODY_BYTES_MAX and (more := await request.content.read(BODY_BYTES_MAX + 1 - len(body))):
        body += more
    if len(body) > BODY_BYTES_MAX:
        raise Denied(413, f"larger than {BODY_BYTES_MAX} bytes")
    return body


def _json(status: int, value: object) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


def _problem(status: int, message: str) -> web.Response:
    return _json(status, {"error": message})

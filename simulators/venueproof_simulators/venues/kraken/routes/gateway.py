"""From a request to its answer: routes, identity, budgets, operation, and each surface's own envelope.

The trading surface says `result` and `serverTime` around everything. Histories and charts have no envelope: who may not
ask a history is told so with a status and two words, and what fails in front of it has the framework's shape.
"""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from msgspec import Struct, field

from venueproof_simulators.host.facts import ErrorRow
from venueproof_simulators.host.routing import Route, Security
from venueproof_simulators.host.venue import Classified, HttpReply, HttpRequest, VenueTime
from venueproof_simulators.kit.documents import to_json
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError, worded
from venueproof_simulators.kit.routes import Seen
from venueproof_simulators.venues.kraken.operations.batches import rows_of
from venueproof_simulators.venues.kraken.operations.desk import Account, Call, Desk
from venueproof_simulators.venues.kraken.operations.parameters import read_parameters
from venueproof_simulators.venues.kraken.routes.table import DERIVATIVES, ROUTES, Endpoint, family_of
from venueproof_simulators.venues.kraken.signing import check_signature, read_proof
from venueproof_simulators.venues.kraken.wire.numbers import Document, stamp, text, uuid

ENCODED_ONLY = "kraken.auth.encoded-postdata"
BOUND_ELSEWHERE = "kraken.auth.ip-whitelist"
RESTRICTED = "kraken.account.region-restricted"
ERRORS_AS_LIST = "kraken.error.two-envelopes"
STRING_NUMBERS = "kraken.rest.string-numbers"
_NOTHING = Parameters({})
_BLANKS = {"parameter": "symbol"}
_LISTED_STATUS = 400
_REASONS = {404: "Not Found", 400: "Bad Request", 503: "Service Unavailable", 500: "Internal Server Error"}


class _Asked(Struct, frozen=True):
    """What a request is about: its route, and its parameters or why they cannot be read."""

    route: Route[Endpoint] | None
    segments: dict[str, str] = field(default_factory=dict[str, str])
    parameters: Parameters = _NOTHING
    unreadable: VenueError | None = None


def _read(request: HttpRequest) -> _Asked:
    found = ROUTES.find(request.method, request.path)
    route = None if found is None else found.route
    segments = {} if found is None else dict(found.segments)
    try:
        return _Asked(route, segments, read_parameters(request.query, request.body))
    except VenueError as error:
        return _Asked(route, segments, unreadable=error)


class Gateway:
    """Answers HTTP requests. `owner` is the account that public requests are taken to come from."""

    def __init__(self, desk: Desk, owner: Account) -> None:
        self._desk = desk
        self._owner = owner
        self._seen: Seen[HttpRequest, _Asked] = Seen(_read)

    def classify(self, request: HttpRequest) -> Classified:
        """The neutral word for a request."""
        asked, label = self._seen.of(request), f"{request.method} {request.path}"
        if asked.route is None:
            return Classified("other", label=label)
        name = asked.segments.get("symbol") or asked.parameters.raw("symbol") or ""
        return Classified(asked.route.operation, self._desk.symbol_of(name.upper()), label)

    # --- answering ----------------------------------------------------------------------------------------------------

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        try:
            answer = self._carry_out(request, time)
        except VenueError as error:
            return self.refuse(error, request, time)
        if family_of(request.path) != DERIVATIVES:
            return HttpReply(200, to_json(answer))
        document = {"result": "success", **cast(Document, answer), "serverTime": stamp(time.wire_ns)}
        return HttpReply(200, to_json(_quoted(document) if self._desk.switches.on(STRING_NUMBERS) else document))

    def _carry_out(self, request: HttpRequest, time: VenueTime) -> object:
        asked = self._seen.of(request)
        self._desk.bans.check(request.client, time)
        if asked.route is None:
            raise VenueError("path")
        if self._desk.is_closed(time):
            raise VenueError("closed")
        if asked.unreadable is not None:
            raise asked.unreadable
        account = self._owner
        if asked.route.security is Security.SIGNED:
            account = self._identify(request, time)
            rows = self._rows(asked) if asked.route.handler.batch else 0
            self._desk.budgets.charge(account.name, asked.route.weight, asked.parameters, rows, time)
        call = Call(self._desk, account, asked.parameters, time, asked.segments)
        return asked.route.handler.operation(call)

    def _rows(self, asked: _Asked) -> int:
        """How many rows a batch has; one that cannot be read costs as if it had none."""
        try:
            return len(rows_of(asked.parameters))
        except VenueError:
            return 0

    def _identify(self, request: HttpRequest, time: VenueTime) -> Account:
        """Who asks. Raises `VenueError`."""
        proof, desk = read_proof(request.headers), self._desk
        account = desk.accounts.of_key(proof.api_key)
        if account is None or desk.switches.on(BOUND_ELSEWHERE):
            raise VenueError("identity")
        check_signature(account.secret, request, proof, decoded_too=not desk.switches.on(ENCODED_ONLY))
        account.nonces.take(proof.nonce, time.age_ns)
        if desk.switches.on(RESTRICTED):
            raise VenueError("inactive")
        return account

    # --- refusing -----------------------------------------------------------------------------------------------------

    def refuse(self, error: VenueError, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """An error as a reply, in the words of the surface that was asked. Raises `LookupError` for an unknown key."""
        family = DERIVATIVES if request is None else family_of(request.path)
        row = self._desk.errors.row(error.key, family)
        word = worded(row, error.fields, _BLANKS)
        if row.code == "unauthorized":
            return HttpReply(row.status, to_json({"reason": word, "status": "unauthorized"}))
        if row.code == "gateway":
            return HttpReply(row.status, to_json(self._framework(row.status, word, request, time)))
        if row.code == "status":
            return HttpReply(row.status, to_json(self._refused_order(word, request, time)))
        return self._error(row, word, time)

    def _error(self, row: ErrorRow, word: str, time: VenueTime) -> HttpReply:
        now = stamp(time.wire_ns)
        if isinstance(row.code, int) or (row.status == 200 and self._desk.switches.on(ERRORS_AS_LIST)):
            code, status = (row.code, row.status) if isinstance(row.code, int) else (0, _LISTED_STATUS)
            listed = {"result": "error", "errors": [{"code": code, "message": word}], "serverTime": now}
            return HttpReply(status, to_json(listed))
        return HttpReply(row.status, to_json({"result": "error", "error": word, "serverTime": now}))

    def _refused_order(self, word: str, request: HttpRequest | None, time: VenueTime) -> Document:
        """A refusal inside a success."""
        route = None if request is None else self._seen.of(request).route
        place = (route.handler.status_in if route is not None else "") or "sendStatus"
        return {
            "result": "success",
            place: {"status": word, "receivedTime": stamp(time.wire_ns), "orderEvents": []},
            "serverTime": stamp(time.wire_ns),
        }

    def _framework(self, status: int, word: str, request: HttpRequest | None, time: VenueTime) -> Document:
        return {
            "timestamp": stamp(time.wire_ns),
            "path": "" if request is None else request.path,
            "status": status,
            "error": _REASONS.get(status, word),
            "message": word,
            "requestId": uuid(self._desk.seed, "request", time.true_ns)[:8],
        }


def _quoted(value: object) -> object:
    """The same document with every number as a text."""
    if isinstance(value, dict):
        return {key: _quoted(one) for key, one in cast(Document, value).items()}
    if isinstance(value, list):
        return [_quoted(one) for one in cast(list[object], value)]
    if isinstance(value, Decimal):
        return text(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

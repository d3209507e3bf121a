"""HTTP: `GET /api/v2/public/ticker?…`, or `POST` of a JSON-RPC request to `/api/v2` or `/api/v2/{method}`.

The status follows the error's row; clients look at the code in the body.
"""

from __future__ import annotations

from venueproof_simulators.host.venue import Classified, HttpReply, HttpRequest, VenueTime
from venueproof_simulators.kit.documents import to_json
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.routes import Seen
from venueproof_simulators.venues.deribit.operations.desk import Desk
from venueproof_simulators.venues.deribit.routes.calls import Caller, Calls
from venueproof_simulators.venues.deribit.routes.envelope import Request, read_query, read_text
from venueproof_simulators.venues.deribit.signing import read_header, request_text
from venueproof_simulators.venues.deribit.wire import envelope

IN_SUCCESS = "deribit.http.error-in-success"
ROOT = "/api/v2"
TEST_SUFFIX = "-test"
"""What the names of test origins end with."""


def _read(request: HttpRequest) -> Request:
    """The JSON-RPC request in an HTTP request."""
    path = request.path
    named = path.removeprefix(ROOT).strip("/") if path == ROOT or path.startswith(f"{ROOT}/") else None
    if named is None or request.method not in ("GET", "POST"):
        return Request(fault=VenueError("path"))
    if request.method == "GET" or not request.body:
        return read_query(named, request.query)
    return read_text(request.body, named)


class Gateway:
    """Answers HTTP requests."""

    def __init__(self, desk: Desk, calls: Calls) -> None:
        self._desk = desk
        self._calls = calls
        self._seen = Seen(_read)

    def classify(self, request: HttpRequest) -> Classified:
        """The neutral word for a request."""
        rpc = self._seen.of(request)
        method = self._calls.method(rpc)
        label = f"{request.method} {rpc.method or request.path}"
        if method is None:
            return Classified("other", label=label)
        return Classified(method.neutral, self._calls.symbol(rpc.parameters), label)

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        rpc = self._seen.of(request)
        try:
            self._desk.budgets.check_request(request.client)
            header = read_header(request.headers)
            caller = Caller(request.client, None, header, request_text(request) if header.signature else "")
            result = self._calls.carry_out(rpc, caller, time)
        except VenueError as error:
            return self.refuse(error, request, time)
        return HttpReply(200, to_json(envelope.answer(rpc.id, result, is_test(request), time)))

    def refuse(self, error: VenueError, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """An error as a reply. Raises `LookupError` for a key that the table has not."""
        row = self._desk.errors.row(error.key)
        id = self._seen.of(request).id if request is not None else None
        testnet = request is not None and is_test(request)
        status = 200 if self._desk.switches.on(IN_SUCCESS) else row.status
        return HttpReply(status, to_json(envelope.error(id, row, error.fields, testnet, time)))


def is_test(request: HttpRequest) -> bool:
    """Whether a request came to the test environment."""
    return request.origin.endswith(TEST_SUFFIX)

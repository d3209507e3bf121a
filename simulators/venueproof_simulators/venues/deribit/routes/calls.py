"""From a JSON-RPC request to its result: the same for both ways in.

The order of the checks: the request itself, the region, the method, the transport, the venue's doors, who asks, the
budget, the scope, the parameters.
"""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.signatures import same
from venueproof_simulators.venues.deribit.operations.desk import Call, Desk
from venueproof_simulators.venues.deribit.operations.identity import Account, Token, read_scope
from venueproof_simulators.venues.deribit.operations.sessions import Session
from venueproof_simulators.venues.deribit.routes.envelope import Request
from venueproof_simulators.venues.deribit.routes.methods import METHODS, Method
from venueproof_simulators.venues.deribit.signing import Header, matches

RESTRICTED = "deribit.account.region-restricted"
ADDRESSES = "deribit.auth.ip-whitelist"
_NO_HEADER = Header()


class Caller(Struct, frozen=True):
    """Where a request came from, and what it shows to prove who asks."""

    client: str
    session: Session | None = None
    header: Header = _NO_HEADER
    signed: str = ""
    """What a signature of the header is over."""


class Calls:
    """Carries requests out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def method(self, request: Request) -> Method | None:
        """What a request asks for."""
        return METHODS.get(request.method)

    def symbol(self, parameters: Parameters) -> str:
        """The unified symbol of the instrument that a request names."""
        return self._desk.symbol_of(parameters.raw("instrument_name") or "")

    def carry_out(self, request: Request, caller: Caller, time: VenueTime) -> object:
        """The result of a request. Raises `VenueError`."""
        desk = self._desk
        method = self.method(request)
        if request.fault is not None or method is None:
            desk.budgets.charge(caller.client, "default", time)
        if request.fault is not None:
            raise request.fault
        if desk.switches.on(RESTRICTED):
            raise VenueError("country")
        if method is None:
            raise VenueError("method")
        if method.websocket_only and caller.session is None:
            raise VenueError("websocket-only")
        if desk.is_closed(time):
            raise VenueError("maintenance")
        owner, token = self._identify(method, request.parameters, caller, time)
        desk.budgets.charge(owner.name if owner is not None else caller.client, method.weight, time)
        self._check_scope(method, owner, token)
        return method.operation(Call(desk, request.parameters, time, owner, token, caller.session))

    # --- who asks; each raises `VenueError` ---------------------------------------------------------------------------

    def _identify(
        self, method: Method, parameters: Parameters, caller: Caller, time: VenueTime
    ) -> tuple[Account | None, Token | None]:
        connection = caller.session.number if caller.session is not None else 0
        access = parameters.raw("access_token") or caller.header.token
        if access:
            token = self._desk.tokens.of_access(access, connection, time)
            return token.account, token
        if caller.header.scheme:
            return self._by_header(caller, time), None
        if caller.session is None or caller.session.token is None:
            return None, None
        token = caller.session.token
        if method.private:
            self._desk.tokens.still_good(token, time)
        return token.account, token

    def _by_header(self, caller: Caller, time: VenueTime) -> Account:
        header = caller.header
        account = self._desk.accounts.holder(header.id, "credentials")
        if header.scheme == "basic":
            if not same(header.secret, account.secret):
                raise VenueError("credentials")
            return account
        if not matches(account.secret, header.timestamp, header.nonce, caller.signed, header.signature):
            raise VenueError("credentials")
        self._desk.tokens.check_moment(account.name, header.timestamp, header.nonce, header.signature, time)
        return account

    def _check_scope(self, method: Method, owner: Account | None, token: Token | None) -> None:
        if self._desk.switches.on(ADDRESSES) and (method.private or method.name == "public/auth"):
            raise VenueError("address")
        if not method.need:
            return
        if owner is None:
            raise VenueError("unauthorized")
        scope = token.scope if token is not None else read_scope(None)
        if not scope.allows(method.need):
            raise VenueError("scope")

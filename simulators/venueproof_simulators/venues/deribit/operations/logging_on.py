"""public/auth in its three grants, and what belongs to a connection: heartbeats, cancelling on disconnect, the end."""

from __future__ import annotations

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.signatures import same
from venueproof_simulators.venues.deribit.operations.desk import Call
from venueproof_simulators.venues.deribit.operations.identity import Account, Token, read_scope
from venueproof_simulators.venues.deribit.operations.sessions import Session
from venueproof_simulators.venues.deribit.signing import matches

_GRANTS = frozenset({"client_credentials", "client_signature", "refresh_token"})
_SCOPES = frozenset({"connection", "account"})


def auth(call: Call) -> Document:
    """public/auth: who asks, by one of three proofs. A connection belongs to that account from now on."""
    sent = call.parameters
    grant = sent.text("grant_type")
    if grant not in _GRANTS:
        raise VenueError("not-valid", parameter="grant_type")
    connection = call.session.number if call.session is not None else 0
    tokens = call.desk.tokens
    if grant == "refresh_token":
        token = tokens.renew(sent.text("refresh_token"), connection, call.time)
    else:
        account = _by_secret(call) if grant == "client_credentials" else _by_signature(call)
        token = tokens.issue(account, read_scope(sent.raw("scope")), connection, call.time)
    session = call.session
    if session is not None:
        session.token = token
        if call.desk.cancelling.get(token.account.name, False):
            session.cancels = True
            call.desk.channels.watch_silence(session, call.time)
    return _auth_document(call, token)


def _by_secret(call: Call) -> Account:
    id, secret = call.parameters.text("client_id"), call.parameters.text("client_secret")
    account = call.desk.accounts.holder(id, "credentials")
    if not same(secret, account.secret):
        raise VenueError("credentials")
    return account


def _by_signature(call: Call) -> Account:
    sent = call.parameters
    id, timestamp, signature = (sent.text(name) for name in ("client_id", "timestamp", "signature"))
    nonce, data = sent.raw("nonce") or "", sent.raw("data") or ""
    account = call.desk.accounts.holder(id, "credentials")
    if not matches(account.secret, timestamp, nonce, data, signature):
        raise VenueError("credentials")
    call.desk.tokens.check_moment(account.name, timestamp, nonce, signature, call.time)
    return account


def _auth_document(call: Call, token: Token) -> Document:
    document: Document = {
        "access_token": token.access,
        "refresh_token": token.refresh,
        "expires_in": max(0, (token.ends_ns - call.time.age_ns) // 10**9),
        "scope": token.scope.text(),
        "token_type": "bearer",
        "enabled_features": [],
    }
    state = call.parameters.raw("state")
    return document | ({"state": state} if state is not None else {})


def exchange_token(call: Call) -> Document:
    """public/fork_token: another pair for a session with a name."""
    sent = call.parameters
    old = call.desk.tokens.renew(sent.text("refresh_token"), 0, call.time)
    scope = read_scope(f"session:{sent.text('session_name')}")
    return _auth_document(call, call.desk.tokens.issue(old.account, scope, 0, call.time))


def connection(call: Call) -> Session:
    """The connection a call came over. Raises `VenueError` over HTTP."""
    if call.session is None:
        raise VenueError("websocket-only")
    return call.session


def logout(call: Call) -> None:
    """private/logout: no answer; the venue closes the connection, and orders stay."""
    session = connection(call)
    if session.token is not None and call.parameters.flag("invalidate_token") is not False:
        call.desk.tokens.invalidate(session.token)
    call.desk.channels.log_out(session, call.time)


def set_heartbeat(call: Call) -> str:
    """public/set_heartbeat."""
    session, interval = connection(call), call.parameters.integer("interval")
    if interval is None:
        raise VenueError("missing", parameter="interval")
    if interval < call.desk.limits.named("heartbeat-least").interval_s:
        raise VenueError("not-valid", parameter="interval")
    call.desk.channels.set_heartbeat(session, interval, call.time)
    return "ok"


def disable_heartbeat(call: Call) -> str:
    """public/disable_heartbeat."""
    call.desk.channels.set_heartbeat(connection(call), 0, call.time)
    return "ok"


# --- cancelling on disconnect -----------------------------------------------------------------------------------------


def enable_cancel_on_disconnect(call: Call) -> str:
    """private/enable_cancel_on_disconnect, for this connection or for all to come."""
    return _set_cancelling(call, on=True)


def disable_cancel_on_disconnect(call: Call) -> str:
    """private/disable_cancel_on_disconnect."""
    return _set_cancelling(call, on=False)


def _set_cancelling(call: Call, *, on: bool) -> str:
    scope = call.parameters.word("scope", _SCOPES, "not-valid", "connection")
    if scope == "account":
        call.desk.cancelling[call.account.name] = on
    session = call.session
    if session is None and scope == "connection":
        raise VenueError("websocket-only")
    if session is not None:
        session.cancels = on
        if on:
            call.desk.channels.watch_silence(session, call.time)
    return "ok"


def get_cancel_on_disconnect(call: Call) -> Document:
    """private/get_cancel_on_disconnect."""
    scope = call.parameters.word("scope", _SCOPES, "not-valid", "connection")
    if scope == "account":
        return {"scope": scope, "enabled": call.desk.cancelling.get(call.account.name, False)}
    return {"scope": scope, "enabled": connection(call).cancels}


# --- channels ---------------------------------------------------------------------------------------------------------


def subscribe(call: Call) -> list[str]:
    """public/subscribe: channels of markets; one of an account needs private/subscribe."""
    names = _names(call)
    if any(name.startswith("user.") for name in names):
        raise VenueError("unauthorized")
    return call.desk.channels.subscribe(connection(call), names, private=False, time=call.time)


def subscribe_private(call: Call) -> list[str]:
    """private/subscribe: channels of accounts, and also those of markets."""
    return call.desk.channels.subscribe(connection(call), _names(call), private=True, time=call.time)


def unsubscribe(call: Call) -> list[str]:
    """public/unsubscribe and private/unsubscribe: what was left."""
    return call.desk.channels.unsubscribe(connection(call), _names(call))


def unsubscribe_all(call: Call) -> str:
    """public/unsubscribe_all and private/unsubscribe_all."""
    session = connection(call)
    call.desk.channels.unsubscribe(session, tuple(session.names))
    return "ok"


def _names(call: Call) -> list[str]:
    connection(call)
    names = list(dict.fromkeys(call.parameters.words("channels")))
    if len(names) > call.desk.limits.named("channels-per-call").limit:
        raise VenueError("not-valid", reason="too many channels", parameter="channels")
    return names

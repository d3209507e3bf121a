"""Who logs in over WebSocket: three credentials, seconds since the epoch, and a signature over one fixed path."""

from __future__ import annotations

from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.parameters import as_text
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.okx.operations.desk import DEMO, Account, Desk
from venueproof_simulators.venues.okx.routes.gateway import BOUND_ELSEWHERE, OTHER_REGIONS
from venueproof_simulators.venues.okx.signing import LOGIN_PATH, genuine, seconds_ns, well_formed
from venueproof_simulators.venues.okx.streams.sessions import Session

FLAGGED = "okx.demo.ws-login-flag"
_NEEDED = (
    ("apiKey", "ws-key-missing"),
    ("sign", "ws-sign-missing"),
    ("passphrase", "ws-passphrase-missing"),
    ("timestamp", "ws-timestamp-format"),
)


def check_login(desk: Desk, session: Session, args: tuple[dict[str, object], ...], time: VenueTime) -> Account:
    """Who logs in. Raises `VenueError`."""
    if len(args) != 1:
        raise VenueError("ws-args")
    sent = {name: as_text(value) for name, value in args[0].items() if isinstance(value, str | int)}
    for name, missing in _NEEDED:
        if not sent.get(name):
            raise VenueError(missing)
    if not well_formed(sent["apiKey"]):
        raise VenueError("ws-key")
    account = desk.accounts.of_key(sent["apiKey"])
    if account is None or session.origin.removesuffix(DEMO) in OTHER_REGIONS:
        raise VenueError("ws-key-unknown")
    flagged = sent.get("simulate") == "1" and desk.switches.on(FLAGGED)
    if account.demo is not (session.demo or flagged):
        raise VenueError("ws-environment")
    stamp = sent["timestamp"]
    if abs(time.wire_ns - seconds_ns(stamp)) > desk.limits.named("signature").interval_s * 10**9:
        raise VenueError("ws-timestamp")
    if desk.switches.on(BOUND_ELSEWHERE):
        raise VenueError("address", address=session.client, uid=account.uid)
    if sent["passphrase"] != account.passphrase:
        raise VenueError("ws-passphrase")
    if not genuine(account.secret, sent["sign"], f"{stamp}GET{LOGIN_PATH}".encode()):
        raise VenueError("ws-sign")
    return account

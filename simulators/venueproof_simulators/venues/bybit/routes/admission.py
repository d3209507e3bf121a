"""What every way into the venue has in common: budgets, restrictions, the caller's clock, and the words of a refusal.

HTTP requests come through `gateway`, frames of the trade socket through `frames`; both end here.
"""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError, worded
from venueproof_simulators.venues.bybit.limits import Left
from venueproof_simulators.venues.bybit.operations.batches import Batch
from venueproof_simulators.venues.bybit.operations.desk import Account, Call, Desk
from venueproof_simulators.venues.bybit.operations.parameters import Parameters
from venueproof_simulators.venues.bybit.routes.table import Endpoint
from venueproof_simulators.venues.bybit.signing import check_window

BOUND_ELSEWHERE = "bybit.auth.ip-whitelist"
NO_PERMISSION = "bybit.account.mode-probe"
RESTRICTED = "bybit.account.region-restricted"


class Answer:
    """What an operation answered, and what is left of the budget it counted against."""

    def __init__(self, result: object, beside: Document, left: Left) -> None:
        self.result = result
        self.beside = beside
        self.left = left


class Admission:
    """Lets callers in, one step after the other, and puts refusals into words."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._window_ms = desk.limits.named("recv-window").limit
        self._ahead_ms = desk.limits.named("ahead").limit

    # --- steps; each raises `VenueError` ------------------------------------------------------------------------------

    def check_open(self, time: VenueTime) -> None:
        """Nothing is served while the venue is closed."""
        if self._desk.is_closed(time):
            raise VenueError("unavailable")

    def check_window(self, headers: Mapping[str, str], time: VenueTime) -> None:
        """The caller's timestamp must lie in the window that it allows."""
        check_window(headers, self._window_ms, self._ahead_ms, time)

    def check_key(self) -> None:
        """A key that is bound to another address, may not do this, or is of a country that is shut out, is refused."""
        if self._desk.switches.on(BOUND_ELSEWHERE):
            raise VenueError("address")
        if self._desk.switches.on(NO_PERMISSION):
            raise VenueError("permission")
        if self._desk.switches.on(RESTRICTED):
            raise VenueError("region")

    def carry_out(self, endpoint: Endpoint, account: Account, sent: Parameters, time: VenueTime) -> Answer:
        """The operation's answer; a refusal as well tells what is left of the budget."""
        amount = max(1, len(sent.orders())) if endpoint.batch else 1
        left = self._desk.budgets.charge(account.name, endpoint.budget, amount, time)
        try:
            found = endpoint.operation(Call(self._desk, account, sent, time, left.granted))
        except VenueError as error:
            raise VenueError(error.key, **error.fields, left=left) from error
        if isinstance(found, Batch):
            return Answer(found.result, found.beside, left)
        return Answer(found, {}, left)

    # --- words --------------------------------------------------------------------------------------------------------

    def said(self, error: VenueError) -> tuple[int | str, str]:
        """Code and text of an error. Raises `LookupError` for a key that the table has not."""
        row = self._desk.errors.row(error.key)
        return row.code, worded(row, error.fields)


def budget_headers(left: Left) -> dict[str, str]:
    """What a reply tells of the budget that it counted against."""
    return {
        "X-Bapi-Limit": str(left.limit),
        "X-Bapi-Limit-Status": str(left.remaining),
        "X-Bapi-Limit-Reset-Timestamp": str(left.reset_ms),
    }

"""The venue's own state around the engine: accounts, ids, orders that are held back, budgets, and what is written down.

`Desk.command` is the only way from an operation to the engine, so that streams and histories hear of everything.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

from msgspec import Struct, field, structs

from venueproof_simulators.engine.commands import (
    Cancel,
    CancelConditional,
    Command,
    OpenAccount,
    Place,
    PoolSpec,
    SettleFunding,
)
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.events import (
    BalanceChanged,
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    Forgotten,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.engine.instruments import ASSET_DECIMALS
from venueproof_simulators.engine.state import OrderState, OrderStatus, SelfTrade
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit import accounts, desk
from venueproof_simulators.kit.basis import Basis
from venueproof_simulators.kit.cashbook import Funding
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.limits import Budgets
from venueproof_simulators.venues.kraken.operations.books import Books, reason_of
from venueproof_simulators.venues.kraken.signing import Nonces
from venueproof_simulators.venues.kraken.wire.numbers import Listing, order_uid, uuid

FLEX = "flex"
"""The pool of multi-collateral contracts; that of each coin's single-collateral contracts is called `fi_…`."""
HAIRCUTS_PPM = {"USD": 0, "USDT": 20_000}
"""What each collateral of the flexible account counts less than it is worth."""
_UNIT = 10**ASSET_DECIMALS
_HOUR_NS = 3600 * 10**9
_FLEX_MONEY = {"USD": 100_000 * _UNIT, "USDT": 10_000 * _UNIT}
_COIN_MONEY = {"BTC": 2 * _UNIT}
_CASH = {"BTC": _UNIT // 2, "USD": 5_000 * _UNIT, "USDT": 1_000 * _UNIT}
UNNAMED = "\t"
"""What the engine's client ids begin with of orders that were sent without one; no client can send it."""
BY_USER = "cancelled_by_user"
POST_FAILED = "post_order_failed_because_it_would_filled"
"""So spelled on the wire."""
STRATEGIES = {
    "REJECT_TAKER": SelfTrade.EXPIRE_TAKER,
    "CANCEL_MAKER_SELF": SelfTrade.EXPIRE_MAKER,
    "CANCEL_MAKER_CHILD": SelfTrade.EXPIRE_MAKER,
    "CANCEL_MAKER_ANY": SelfTrade.EXPIRE_MAKER,
}
"""What an account may want when it meets itself."""


class Account(accounts.Account, kw_only=True):
    """One account and its settings."""

    uid: str
    cash: dict[str, int] = field(default_factory=lambda: dict(_CASH))
    """Atoms of each asset in the cash account, which margins nothing."""
    nonces: Nonces
    profit_units: dict[str, str] = field(default_factory=dict[str, str])
    """Contract → the currency in which its profit is wanted."""
    strategy: str = "REJECT_TAKER"
    notices: list[dict[str, object]] = field(default_factory=list[dict[str, object]])


class Held(Struct, frozen=True):
    """An order that waits out the hold before the engine hears of it."""

    uid: str
    command: Place
    shown: OrderState
    canceled: bool = False


class TurnedAway(Struct, frozen=True):
    """An order that never came to be: refused when its hold was over, or because it would have taken."""

    uid: str
    order: OrderState
    reason: str
    """In the streams' words."""
    age_ns: int
    crossed: bool = False
    """Whether it was to rest and would have taken: that is told in full, and by the verbose feed alone."""


class Desk(desk.Desk[Account, Listing]):
    """Everything an operation may touch."""

    def __init__(self, basis: Basis[Listing]) -> None:
        super().__init__(basis)
        self.budgets = Budgets(self.limits, self.switches, self.throttle)
        self.books = Books(self.engine, self.seed, self.listings)
        self.held: dict[str, Held] = {}
        """Orders that are held back, by id."""
        self._uids: dict[tuple[str, int], str] = {}
        self._places: dict[str, tuple[str, int]] = {}
        self._stops: dict[tuple[str, int], int] = {}
        """(instrument, order id kept for it) → conditional order."""
        self._kept: dict[tuple[str, int], int] = {}
        """(instrument, conditional order) → the order id kept for it."""
        self.refused: dict[str, TurnedAway] = {}
        """Orders that were refused when their hold was over, by id, for as long as their state is told."""
        self.cash_moved: Callable[[str, VenueTime], None] = _unheard
        self.held_refused: Callable[[TurnedAway, VenueTime], None] = _unheard_refusal
        self._plan_funding(self.opened_ns)
        self.hears[OrderChanged] = self.hear_order
        self.hears[ConditionalChanged] = self.hear_stop

    # --- accounts ---

    def new_account(self, name: str, time: VenueTime) -> tuple[Account, OpenAccount]:
        """A new account with its keys and the starting money."""
        secret = base64.b64encode(token(self.seed, f"{name}-secret", 64).encode()).decode()
        tolerance_ns = self.limits.named("nonce-disorder").interval_s * 10**9
        account = Account(
            name=name,
            api_key=token(self.seed, f"{name}-key", 56),
            secret=secret,
            uid=uuid(self.seed, "account", name),
            nonces=Nonces(tolerance_ns),
        )
        pools = (
            PoolSpec(FLEX, HAIRCUTS_PPM, shared=True, isolates=True),
            *(PoolSpec(f"fi_{_coin(asset)}usd", {asset: 0}) for asset in _COIN_MONEY),
        )
        return account, OpenAccount(name, pools, _FLEX_MONEY | _COIN_MONEY)

    # --- instruments ---

    def listing(self, spelling: str) -> Listing:
        """A contract by its symbol in any case. Raises `VenueError`."""
        found = self.listings.get(spelling.upper())
        if found is None:
            raise VenueError("symbol", parameter="symbol")
        return found

    # --- ids ---

    def uid(self, instrument: str, number: int) -> str:
        """The id of an order of the engine."""
        return self._uids.get((instrument, number)) or order_uid(self.seed, instrument, number)

    def stop_uid(self, stop: ConditionalState) -> str:
        """The id of a conditional order: that of the order that it becomes."""
        return self.uid(stop.instrument, stop.reserved_id)

    def kept_id(self, instrument: str, conditional: int) -> int:
        """The order id that was kept for a conditional order."""
        return self._kept.get((instrument, conditional), 0)

    def order(self, account: str, uid: str) -> OrderState | None:
        """An order of an account by its id."""
        place = self._places.get(uid)
        return None if place is None else self.engine.order(account, *place)

    def stop(self, account: str, uid: str) -> ConditionalState | None:
        """A conditional order of an account by its id."""
        place = self._places.get(uid)
        conditional = None if place is None else self._stops.get(place)
        if place is None or conditional is None:
            return None
        return self.engine.conditional(account, place[0], conditional)

    def own_uid(self, account: str, client_id: str) -> str:
        """The id of the newest order with a client id; empty when there is none."""
        for held in self.held.values():
            if held.command.account == account and held.command.client_id == client_id:
                return held.uid
        stop = self.engine.conditional_by_client_id(account, "", client_id)
        found = [self.engine.order_by_client_id(account, name, client_id) for name in self.listings]
        newest = max((one for one in found if one is not None), key=lambda one: one.created_ns, default=None)
        if newest is None or (stop is not None and stop.created_ns > newest.created_ns):
            return "" if stop is None else self.stop_uid(stop)
        return self.uid(newest.instrument, newest.order_id)

    def name_order(self, instrument: str, number: int, uid: str) -> None:
        """Let an order have an id that was given out before the engine knew it."""
        self._uids[instrument, number] = uid
        self._places[uid] = (instrument, number)

    # --- funding ---

    def _plan_funding(self, age_ns: int) -> None:
        """Funding accrues all the time; at the next full hour it is realized."""
        self.ages.set("funding", (age_ns // _HOUR_NS + 1) * _HOUR_NS, self._realize_funding)

    def _realize_funding(self, time: VenueTime) -> None:
        for one in self.listings.values():
            if one.perpetual:
                self.command(SettleFunding(one.name), time)
                mark = self.engine.mark_nano_ticks(one.name, time.true_ns)
                self.cash.note_funding(one.name, Funding(time.true_ns, one.instrument.funding_rate_ppb, mark))
        self._plan_funding(time.age_ns)

    # --- what is heard ---

    def hear_order(self, event: OrderChanged, command: Command, note: str | None, time: VenueTime) -> None:
        """An order is now so; `note` is the id that it was given out with, or why it ends."""
        order = event.order
        key = (order.instrument, order.order_id)
        if key not in self._uids:
            given = event.cause is Cause.OPENED and isinstance(command, Place) and command.client_id == order.client_id
            self.name_order(*key, note if given and note else self.uid(*key))
        self.books.hear_order(event, command, note, time)

    def hear_stop(self, event: ConditionalChanged, command: Command, note: str | None, time: VenueTime) -> None:
        """A conditional order is now so."""
        stop = event.conditional
        if event.cause is ConditionalCause.OPENED:
            key = (stop.instrument, stop.reserved_id)
            self.name_order(*key, self.uid(*key))
            self._stops[key] = stop.conditional_id
            self._kept[stop.instrument, stop.conditional_id] = stop.reserved_id
        self.books.hear_stop(event, note, time)

    def hear_money(self, event: BalanceChanged, command: Command, note: object, time: VenueTime) -> None:
        """A wallet changed."""
        super().hear_money(event, command, note, time)
        self.books.hear_money(event, time)

    def hear_position(self, event: PositionChanged, command: Command, note: object, time: VenueTime) -> None:
        """A position is now so."""
        super().hear_position(event, command, note, time)
        self.books.hear_position(event, time)

    def hear_forgotten(self, event: Forgotten, command: Command, note: object, time: VenueTime) -> None:
        """The engine let go of what is old; so does the desk."""
        for key in event.orders:
            self._places.pop(self._uids.pop(key, ""), None)
            self._stops.pop(key, None)
        for key in event.conditionals:
            self._kept.pop(key, None)
        self.books.forget(event)

    def refuse_held(self, held: Held, refusal: str, time: VenueTime) -> None:
        """An order that was held back may not come in."""
        order = structs.replace(held.shown, status=OrderStatus.REJECTED, reason=refusal.replace("-", "_"))
        window_ns = self.limits.named("status-window").interval_s * 10**9
        self.refused = {uid: one for uid, one in self.refused.items() if time.age_ns - one.age_ns <= window_ns}
        told = self.refused[held.uid] = TurnedAway(held.uid, order, reason_of(refusal), time.age_ns)
        self.held_refused(told, time)

    def refuse_post(self, uid: str, order: OrderState, time: VenueTime) -> None:
        """An order that was only to rest would have taken."""
        self.held_refused(TurnedAway(uid, order, POST_FAILED, time.age_ns, crossed=True), time)

    # --- ending orders ---

    def end_everything(self, account: str, instrument: str, reason: str, time: VenueTime) -> list[Event]:
        """Cancel all orders of an account, those that wait for a price too, on one instrument or all (empty)."""
        events: list[Event] = []
        for uid, held in list(self.held.items()):
            if held.command.account == account and instrument in ("", held.command.instrument):
                self.held[uid] = Held(uid, held.command, held.shown, canceled=True)
        for order in self.engine.live_orders(account, instrument):
            events += self.end_order(order, reason, time)
        for stop in self.engine.waiting(account, instrument):
            events += self.end_stop(stop, reason, time)
        return events

    def end_order(self, order: OrderState, reason: str, time: VenueTime) -> list[Event]:
        """Cancel one order for a reason in the venue's words."""
        return self.command(Cancel(order.account, order.instrument, order.order_id), time, reason)

    def end_stop(self, stop: ConditionalState, reason: str, time: VenueTime) -> list[Event]:
        """The same of one that waits for a price."""
        return self.command(CancelConditional(stop.account, stop.instrument, stop.conditional_id), time, reason)

    def cancel_all(self, account: str, instrument: str, time: VenueTime) -> None:
        """The dead man's switch: what was to be prolonged was not."""
        self.end_everything(account, instrument, "dead_man_switch", time)


def _unheard(account: str, time: VenueTime) -> None:
    """No stream listens yet."""


def _unheard_refusal(refusal: TurnedAway, time: VenueTime) -> None:
    """No stream listens yet."""


def _coin(asset: str) -> str:
    return "xbt" if asset == "BTC" else asset.lower()


def shown_id(client_id: str) -> str | None:
    """The client id as it is told; None for an order that was sent without one."""
    return None if not client_id or client_id.startswith(UNNAMED) else client_id


def is_waiting(stop: ConditionalState | None) -> bool:
    """Whether a conditional order waits for its price."""
    return stop is not None and stop.status is ConditionalStatus.WAITING


class Call(Struct, frozen=True):
    """Who asks what, and when."""

    desk: Desk
    account: Account
    """The caller; on public endpoints, where nobody is identified, the account under test."""
    parameters: Parameters
    time: VenueTime
    segments: dict[str, str] = {}
    """What stands in the path."""

    def listing(self) -> Listing:
        """The contract of parameter `symbol`, which must be there. Raises `VenueError`."""
        return self.desk.listing(self.parameters.text("symbol"))

    def listing_or_none(self) -> Listing | None:
        """The same where one is given. Raises `VenueError`."""
        return self.desk.listing(self.parameters.text("symbol")) if self.parameters.has("symbol") else None

    def listings(self) -> Iterable[Listing]:
        """The contract asked for, or all. Raises `VenueError`."""
        one = self.listing_or_none()
        return self.desk.listings.values() if one is None else [one]

"""A venue's own state around the engine: accounts and keys, instruments, what is due on the age clock, money's history.

`Desk.command` is the only way from an operation to the engine, so that streams hear of everything. A venue extends
`Desk` with what only it has, and lets its methods hear of events: `self.hears[OrderChanged] = self.hear_order`.

The host may copy a desk whole, so nothing in it closes over itself: bound methods and `partial`, no lambdas.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic

from venueproof_simulators.engine.commands import (
    Cancel,
    CancelAll,
    CancelConditional,
    Command,
    ExpireOrder,
    List,
    OpenAccount,
    PayFunding,
)
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import (
    BalanceChanged,
    Event,
    Forgotten,
    MarginMoved,
    PositionChanged,
    PositionModeChanged,
)
from venueproof_simulators.engine.state import OrderState, PositionMode
from venueproof_simulators.engine.worth import NANO
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.accounts import Accounts, AccountT
from venueproof_simulators.kit.bans import Bans, Throttle
from venueproof_simulators.kit.basis import Basis, ListingT
from venueproof_simulators.kit.cashbook import Cashbook, Funding
from venueproof_simulators.kit.fundings import Fundings
from venueproof_simulators.kit.listing import Listing

Hear = Callable[[Any, Command, Any, VenueTime], None]
"""Told of an event, the command that it followed from, and the note that came with that."""


def _unheard(events: list[Event], time: VenueTime) -> None:
    """No stream listens yet."""


class Desk(Generic[AccountT, ListingT]):
    """Everything an operation may touch."""

    def __init__(self, basis: Basis[ListingT]) -> None:
        self.engine = basis.engine
        self.seed = basis.seed
        self.errors = basis.errors
        self.limits = basis.limits
        self.switches = basis.switches
        self.ages = Alarms()
        """What is due on the age clock."""
        self.listings = {listing.name: listing for listing in basis.listings}
        """Every instrument, by the venue's spelling."""
        self.accounts: Accounts[AccountT] = Accounts()
        self.cash = Cashbook()
        self.opened_ns = basis.engine.now_ns
        """When the venue was opened (true time); what was before is history that nobody here took part in."""
        self.fundings = Fundings(self.listings.values(), self.command_away, self._pass_funding, self.opened_ns)
        self.bans = Bans()
        self.throttle = Throttle()
        self.closed_until_ns = 0
        """The venue is closed until then (age clock)."""
        self.publish: Callable[[list[Event], VenueTime], None] = _unheard
        self.hears: dict[type[Event], Hear] = {
            BalanceChanged: self.hear_money,
            Forgotten: self.hear_forgotten,
            MarginMoved: self.hear_margin,
            PositionChanged: self.hear_position,
            PositionModeChanged: self.hear_mode,
        }
        """What the desk keeps of each kind of event."""
        self._client_ids = 0

    # --- accounts -----------------------------------------------------------------------------------------------------

    def open_account(self, name: str, time: VenueTime) -> AccountT:
        """An account with the starting money; the same again when there is one of that name."""
        known = self.accounts.get(name)
        return self.add_account(*self.new_account(name, time), time) if known is None else known

    def twin(self, account: AccountT, ending: str) -> AccountT:
        """What the holder of an account has in another environment; opened when it is first asked for."""
        now_ns = self.engine.now_ns
        return self.open_account(account.name + ending, VenueTime(now_ns, now_ns, now_ns))

    def new_account(self, name: str, time: VenueTime) -> tuple[AccountT, OpenAccount]:
        """A new account with its keys, and how it begins in the engine. The venue's."""
        raise NotImplementedError

    def add_account(self, account: AccountT, opening: OpenAccount, time: VenueTime) -> AccountT:
        """Open an account in the engine and keep it."""
        self.command(opening, time)
        self.accounts.add(account)
        self.cash.open(account.name, opening.money, time.true_ns)
        return account

    def account(self, name: str) -> AccountT:
        """An account by name. Raises `LookupError`."""
        return self.accounts.named(name)

    def secrets(self) -> list[str]:
        """What must not stand in a journal. A venue adds its passphrases and tokens, also those no longer in force."""
        return [account.secret for account in self.accounts]

    def next_client_id(self, length: int = 22) -> str:
        """A client id for an order that was sent without one."""
        self._client_ids += 1
        return token(self.seed, f"client-id-{self._client_ids}", length)

    def add_listing(self, listing: ListingT, time: VenueTime) -> None:
        """An instrument can be traded from now on."""
        self.listings[listing.name] = listing
        self.fundings.add(listing, time)
        self.command(List(listing.instrument), time)

    def symbol_of(self, name: str) -> str:
        """The unified symbol of an instrument; empty for one that is not listed."""
        listing = self.listings.get(name)
        return "" if listing is None else listing.symbol

    def is_closed(self, time: VenueTime) -> bool:
        """Whether the venue is closed now."""
        return time.age_ns < self.closed_until_ns

    # --- the engine ---------------------------------------------------------------------------------------------------

    def command(self, command: Command, time: VenueTime, note: Any = None) -> list[Event]:
        """Tell the engine something, note what began and what ended, and let the streams know."""
        events = self.prepare(time)
        events += self.engine.apply(command, time.true_ns)
        for event in events:
            hear = self.hears.get(type(event))
            if hear is not None:
                hear(event, command, note, time)
        if isinstance(command, PayFunding):
            mark = self.engine.mark_nano_ticks(command.instrument, time.true_ns)
            self.cash.note_funding(command.instrument, Funding(time.true_ns, command.rate_ppb, mark))
        self.publish(events, time)
        return events

    def prepare(self, time: VenueTime) -> list[Event]:
        """What the engine must be told before any command, such as a quirk that was switched; its events."""
        return []

    def command_away(self, command: Command, time: VenueTime) -> None:
        """The same for alarms, whose deeds give nothing."""
        self.command(command, time)

    def hear_money(self, event: BalanceChanged, command: Command, note: object, time: VenueTime) -> None:
        """A wallet changed."""
        self.cash.note(event)

    def hear_position(self, event: PositionChanged, command: Command, note: object, time: VenueTime) -> None:
        """A position is now so."""
        self.fundings.note(event)

    def hear_margin(self, event: MarginMoved, command: Command, note: object, time: VenueTime) -> None:
        """Margin of a position was moved."""
        self.cash.note_move(event)

    def hear_mode(self, event: PositionModeChanged, command: Command, note: object, time: VenueTime) -> None:
        """An account, or one instrument of it, has other legs."""
        account, hedged = self.accounts.named(event.account), event.mode is PositionMode.HEDGE
        if event.instrument:
            account.hedged_on[event.instrument] = hedged
        else:
            account.hedged, account.hedged_on = hedged, {}

    def hear_forgotten(self, event: Forgotten, command: Command, note: object, time: VenueTime) -> None:
        """The engine let go of what is old. A venue drops its notes on it."""

    # --- orders -------------------------------------------------------------------------------------------------------

    def cancel(self, order: OrderState, time: VenueTime) -> list[Event]:
        """Cancel one order."""
        return self.command(Cancel(order.account, order.instrument, order.order_id), time)

    def cancel_conditional(self, waiting: ConditionalState, time: VenueTime) -> list[Event]:
        """Cancel one conditional order."""
        return self.command(CancelConditional(waiting.account, waiting.instrument, waiting.conditional_id), time)

    def cancel_all(self, account: str, instrument: str, time: VenueTime) -> None:
        """Cancel all live orders of an account on an instrument, or on all (empty)."""
        self.command(CancelAll(account, instrument), time)

    def order_of(self, conditional: ConditionalState) -> OrderState | None:
        """The order that a conditional one led to."""
        if not conditional.order_id:
            return None
        return self.engine.order(conditional.account, conditional.instrument, conditional.order_id)

    def expire_at(self, order: OrderState, age_ns: int, reason: str) -> None:
        """End a good-till-date order when its time comes; `let_live` when it ended before."""
        command = ExpireOrder(instrument=order.instrument, order_id=order.order_id, reason=reason)
        self.ages.set(("good-till", order.instrument, order.order_id), age_ns, partial(self.command_away, command))

    def let_live(self, order: OrderState) -> None:
        """Expire an order no more."""
        self.ages.clear(("good-till", order.instrument, order.order_id))

    def count_down(self, account: str, instrument: str, age_ns: int | None) -> None:
        """Cancel all orders on an instrument, or on all (empty), when its countdown runs out; None stops it."""
        key = ("countdown", account, instrument)
        if age_ns is None:
            self.ages.clear(key)
        else:
            self.ages.set(key, age_ns, partial(self.cancel_all, account, instrument))

    # --- funding ------------------------------------------------------------------------------------------------------

    def _pass_funding(self, listing: Listing, at_ns: int, time: VenueTime) -> None:
        """A funding hour came and nobody held a position: it is listed, at the price of then."""
        interval = f"{listing.row.funding_interval_s // 3600}h"
        candles = self.engine.candles(listing.name, interval, time.true_ns, start_ns=at_ns, limit=1)
        mark = next((candle.open * NANO for candle in candles), self.engine.mark_nano_ticks(listing.name, at_ns))
        self.cash.note_funding(listing.name, Funding(at_ns, listing.instrument.funding_rate_ppb, mark))

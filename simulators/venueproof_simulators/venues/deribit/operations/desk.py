"""The venue's own state around the engine: accounts and tokens, instruments, notes on orders, money by session.

`Desk.command` is the only way from an operation to the engine, so that streams hear of everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Command,
    HoldTriggers,
    List,
    OpenAccount,
    Place,
    PlaceConditional,
    PoolSpec,
    SettleFunding,
    SettleSession,
)
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.events import (
    BalanceChanged,
    ConditionalChanged,
    Delivered,
    Event,
    Forgotten,
    OrderChanged,
)
from venueproof_simulators.engine.instruments import ASSET_DECIMALS
from venueproof_simulators.engine.state import LIVE, FillState, OrderState, TradeState
from venueproof_simulators.engine.worth import NANO
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.basis import Basis
from venueproof_simulators.kit.desk import Desk as KitDesk
from venueproof_simulators.kit.notes import Notes
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.limits import Budgets
from venueproof_simulators.venues.deribit.operations.bookkeeping import Books, Settlement
from venueproof_simulators.venues.deribit.operations.identity import Account, Token, Tokens, new_account
from venueproof_simulators.venues.deribit.operations.sessions import Session
from venueproof_simulators.venues.deribit.wire.chain import Chain, rows_at
from venueproof_simulators.venues.deribit.wire.currencies import Currency
from venueproof_simulators.venues.deribit.wire.market import Around
from venueproof_simulators.venues.deribit.wire.numbers import Listing, num, order_number
from venueproof_simulators.venues.deribit.wire.orders import PLAIN_NOTE, Note, trigger_letters

STUCK = "deribit.trigger.stuck"
_DAY_NS = 86_400 * 10**9
SETTLEMENT_NS = 8 * 3600 * 10**9
"""When a session ends, since midnight UTC."""


class Channels(Protocol):
    """What operations may do to subscriptions. The hub does it."""

    def subscribe(self, session: Session, names: Iterable[str], *, private: bool, time: VenueTime) -> list[str]:
        """Listen to channels; returns those that were accepted. Raises `VenueError`."""
        ...

    def unsubscribe(self, session: Session, names: Iterable[str]) -> list[str]:
        """Listen no more; returns what was left."""
        ...

    def set_heartbeat(self, session: Session, interval_s: int, time: VenueTime) -> None:
        """Send signs of life from now on; 0: none."""
        ...

    def log_out(self, session: Session, time: VenueTime) -> None:
        """End a session at its own wish."""
        ...

    def watch_silence(self, session: Session, time: VenueTime) -> None:
        """Count from now on how long a session that cancels orders says nothing."""
        ...


def _untold(names: list[str], time: VenueTime) -> None:
    """No stream listens yet."""


class Desk(KitDesk[Account, Listing]):
    """Everything an operation may touch. The host may copy it whole, so nothing here closes over itself."""

    channels: Channels

    def __init__(
        self, basis: Basis[Listing], currencies: Iterable[Currency], chain: Chain, listings: Iterable[Listing]
    ) -> None:
        """`listings` are all that there are; the engine has those of `basis`, and gets an option on its first use."""
        super().__init__(basis)
        self._chain = chain
        self.listings.update({listing.name: listing for listing in listings})
        self.currencies = {currency.currency: currency for currency in currencies}
        self.budgets = Budgets(basis.limits, basis.switches, self.throttle)
        self.tokens = Tokens(basis.seed, basis.limits)
        self.books = Books()
        self.orders: Notes[Note] = Notes(PLAIN_NOTE)
        self.triggers: Notes[Note] = Notes(PLAIN_NOTE)
        self._held = False
        self._gone: set[str] = set()
        """What has expired, and was told of."""
        self.newest: dict[str, int] = {}
        """The number of the newest order of each instrument."""
        self._known: set[tuple[str, int]] = set()
        self._conditionals: dict[str, ConditionalState] = {}
        """Every trigger order by its id on the wire, as it was when it was placed."""
        self._prices: dict[tuple[str, int], tuple[int, int]] = {}
        """Mark and index at each own trade."""
        self.numbers = {listing.number: listing for listing in self.listings.values()}
        self.locked = ""
        """Why trading is off: a key of the error table; empty while it is on."""
        self.settling_until_ns = 0
        self.cancelling: dict[str, bool] = {}
        """Accounts whose new connections cancel orders when they are lost."""
        self.tell_state: Callable[[list[str], VenueTime], None] = _untold
        """Trading pauses, or goes on, and instruments come and go: streams tell."""
        self.hears[OrderChanged] = self.hear_order
        self.hears[Delivered] = self.hear_delivery
        self.hears[ConditionalChanged] = self.hear_conditional
        self._plan_settlement(self.opened_ns)

    # --- accounts -----------------------------------------------------------------------------------------------------

    def new_account(self, name: str, time: VenueTime) -> tuple[Account, OpenAccount]:
        """An account with a wallet for each currency, each of which carries its own positions."""
        account = new_account(self.seed, name, len(list(self.accounts)) + 1)
        money = {one.currency: int(one.money.scaleb(ASSET_DECIMALS)) for one in self.currencies.values()}
        pools = tuple(PoolSpec(currency, {currency: 0}) for currency in money)
        return account, OpenAccount(account=name, pools=pools, money=money)

    def secrets(self) -> list[str]:
        """What must not stand in a journal."""
        return [*super().secrets(), *self.tokens.ever]

    # --- instruments --------------------------------------------------------------------------------------------------

    def listing(self, name: str) -> Listing:
        """An instrument. Raises `VenueError`."""
        listing = self.listings.get(name)
        if listing is None:
            raise VenueError("instrument", reason="instrument not found", parameter="instrument_name")
        return listing

    def open_market(self, listing: Listing, time: VenueTime) -> None:
        """Let the engine have an option, from its first use on. Raises `VenueError` for one that has expired."""
        if listing.name not in self.engine.instruments:
            if listing.ends_by(time.true_ns):
                raise VenueError("expired")
            self.command(List(listing.instrument), time)

    def is_open(self, listing: Listing) -> bool:
        """Whether anybody has used it: an option that nobody has used has no trades and no orders."""
        return listing.name in self.engine.instruments

    def state(self, listing: Listing, time: VenueTime) -> str:
        """Whether an instrument is traded: `open`, `settlement`, `locked`, `delivered`."""
        if listing.ends_by(time.true_ns):
            return "delivered"
        if time.age_ns < self.settling_until_ns:
            return "settlement"
        return "locked" if self.locked else "open"

    def settled_price(self, listing: Listing) -> Decimal:
        """The mark price of the last settlement; before the first, the present one."""
        settled = self.books.settled.get(listing.name)
        return listing.mark(self.engine.mark_ticks(listing.name) * NANO) if settled is None else settled

    def prepare(self, time: VenueTime) -> list[Event]:
        """Let trigger orders that fire hang, or go on, where the register says otherwise than before."""
        if self.switches.on(STUCK) is self._held:
            return []
        self._held = not self._held
        return self.engine.apply(HoldTriggers(on=self._held), time.true_ns)

    # --- events -------------------------------------------------------------------------------------------------------

    def hear_order(self, event: OrderChanged, command: Command, note: Note | None, time: VenueTime) -> None:
        """An order is now so."""
        order = event.order
        key = (order.instrument, order.order_id)
        if key not in self._known:
            self._known.add(key)
            self.newest[order.instrument] = max(order.order_id, self.newest.get(order.instrument, 0))
            self.orders.set(key, self._first_note(order, command, note))
        if event.fill is not None:
            self._note_fill(order, event.fill, time)
        if order.status not in LIVE:
            self.orders.end(key, time)
            self.let_live(order)

    def _first_note(self, order: OrderState, command: Command, note: Note | None) -> Note:
        account = self.accounts.get(order.account)
        user_id = account.user_id if account is not None else 0
        if order.conditional_id:
            waiting = self.triggers.of((order.instrument, order.conditional_id))
            spelled = self.spelled_trigger(order.instrument, order.conditional_id)
            return replace(waiting, trigger_id=spelled, user_id=user_id)
        if note is not None and isinstance(command, Place) and command.account == order.account:
            return replace(note, user_id=user_id)
        return replace(PLAIN_NOTE, user_id=user_id)

    def _note_fill(self, order: OrderState, fill: FillState, time: VenueTime) -> None:
        listing = self.listings[fill.instrument]
        ticker = self.engine.ticker(fill.instrument, time.true_ns)
        index = self._underlying(listing) if listing.option else ticker.index_nano_ticks
        self._prices[fill.instrument, fill.trade_id] = (ticker.mark_nano_ticks, index)
        wallet = self.wallet_atoms(fill.account, listing.currency)
        lots = self.engine.position(fill.account, fill.instrument).lots
        self.books.note_fill(listing, order, fill, wallet, lots)

    def wallet_atoms(self, account: str, currency: str) -> int:
        """What is in a wallet."""
        return next(one.wallet_atoms for one in self.engine.balances(account) if one.asset == currency)

    def _underlying(self, listing: Listing) -> int:
        return int(self.engine.option(listing.name).underlying_price / listing.row.tick * NANO)

    def around(self, trade: FillState | TradeState) -> Around:
        """What held at a trade. Of one that no account had a part in the mark is not known: it is the price itself."""
        found = self._prices.get((trade.instrument, trade.trade_id))
        if found is None:
            listing, price = self.listings[trade.instrument], trade.ticks * NANO
            found = (price, self._underlying(listing) if listing.option else price)
        before = trade.trade_id - 1
        row = self.engine.trades(trade.instrument, trade.at_ns, limit=1, from_id=before) if before else []
        return Around(*found, row[0].ticks if row else trade.ticks)

    def hear_conditional(self, event: ConditionalChanged, command: Command, note: Note | None, time: VenueTime) -> None:
        """A trigger order is now so."""
        waiting = event.conditional
        key = (waiting.instrument, waiting.conditional_id)
        spelled = self.listings[waiting.instrument].trigger_id(trigger_letters(waiting), waiting.conditional_id)
        if spelled not in self._conditionals:
            user_id = self.account(waiting.account).user_id
            given = note if note is not None and isinstance(command, PlaceConditional) else PLAIN_NOTE
            self.triggers.set(key, replace(given, user_id=user_id))
            self._conditionals[spelled] = waiting
        if waiting.status not in (ConditionalStatus.WAITING, ConditionalStatus.TRIGGERING):
            self.triggers.end(key, time)

    def spelled_trigger(self, instrument: str, number: int) -> str:
        """How the id of a trigger order is spelled."""
        for account in self.accounts:
            found = self.engine.conditional(account.name, instrument, number)
            if found is not None:
                return self.listings[instrument].trigger_id(trigger_letters(found), number)
        return str(number)

    def hear_money(self, event: BalanceChanged, command: Command, note: object, time: VenueTime) -> None:
        """A wallet changed."""
        super().hear_money(event, command, note, time)
        if self.accounts.get(event.balance.account) is not None:
            self.books.note_money(event)

    def hear_forgotten(self, event: Forgotten, command: Command, note: object, time: VenueTime) -> None:
        """The engine let go of what is old; so does the desk."""
        self.orders.forget(event.orders)
        self.triggers.forget(event.conditionals)
        self._known.difference_update(event.orders)
        gone = set(event.conditionals)
        kept = self._conditionals.items()
        self._conditionals = {id: one for id, one in kept if (one.instrument, one.conditional_id) not in gone}
        self.books.forget(time.true_ns - 30 * _DAY_NS)
        self.cash.forget(time.true_ns - 30 * _DAY_NS)

    # --- orders by their ids ------------------------------------------------------------------------------------------

    def order(self, account: str, spelled: str, time: VenueTime) -> OrderState | ConditionalState:
        """An order or trigger order of an account by its id. Raises `VenueError`."""
        waiting = self._conditionals.get(spelled)
        if waiting is not None:
            found = self.engine.conditional(account, waiting.instrument, waiting.conditional_id)
            if found is None:
                raise VenueError("not-owner")
            return found
        return self._ordinary(account, spelled, time)

    def _ordinary(self, account: str, spelled: str, time: VenueTime) -> OrderState:
        numbers = order_number(spelled)
        if numbers is None and not _may_be_trigger(spelled):
            raise VenueError("order-id")
        listing = self.numbers.get(numbers[0]) if numbers is not None else None
        if numbers is None or listing is None or listing.order_id(numbers[1]) != spelled:
            raise VenueError("order-not-found")
        found = self.engine.order(account, listing.name, numbers[1])
        if found is not None and self.remembers(found, time):
            return found
        others = [one.name for one in self.accounts if one.name != account]
        if found is None and any(self.engine.order(name, listing.name, numbers[1]) for name in others):
            raise VenueError("not-owner")
        raise VenueError("order-not-found")

    def remembers(self, order: OrderState, time: VenueTime) -> bool:
        """Whether the venue still knows an order: for half an hour after an end without a fill."""
        if order.filled_lots:
            return True
        span_ns = self.limits.named("forget-unfilled").interval_s * 10**9
        return self.orders.within((order.instrument, order.order_id), span_ns, time)

    def note_of(self, order: OrderState | ConditionalState) -> Note:
        """What the venue remembers of an order."""
        if isinstance(order, ConditionalState):
            return self.triggers.of((order.instrument, order.conditional_id))
        return self.orders.of((order.instrument, order.order_id))

    def say_why(self, order: OrderState, reason: str) -> None:
        """Remember the vendor's word for why an order is about to end."""
        key = (order.instrument, order.order_id)
        self.orders.set(key, replace(self.orders.of(key), cancel_reason=reason))

    # --- what comes and goes ------------------------------------------------------------------------------------------

    def roll(self, time: VenueTime) -> list[str]:
        """List what the chain lacks now; returns the names of what came and of what has gone."""
        before = set(self.listings)
        gone = [name for name, one in self.listings.items() if one.ends_by(time.true_ns) and name not in self._gone]
        self._gone.update(gone)
        for row in rows_at(self._chain, time.true_ns, self._price_of, self.listings):
            listing = Listing(row)
            self.numbers[listing.number] = self.listings[listing.name] = listing
            if not listing.option:
                self.add_listing(listing, time)

        return [*gone, *(name for name in self.listings if name not in before)]

    def _price_of(self, underlying: str) -> Decimal:
        found = next(one for one in self.listings.values() if one.perpetual and one.row.underlying == underlying)
        return found.price(self.engine.index_ticks(found.name))

    def hear_delivery(self, event: Delivered, command: Command, note: object, time: VenueTime) -> None:
        """An instrument has expired."""
        listing = self.listings[event.instrument]
        index = self.engine.ticker(listing.name, time.true_ns).index_nano_ticks
        price = self._price_of(listing.row.underlying) if listing.option else listing.mark(index)
        self.books.deliveries.setdefault(listing.index_name, {})[wire_ms(time, time.true_ns)] = price

    # --- the end of a session -----------------------------------------------------------------------------------------

    def _plan_settlement(self, age_ns: int) -> None:
        due_ns = (age_ns - SETTLEMENT_NS) // _DAY_NS * _DAY_NS + _DAY_NS + SETTLEMENT_NS
        self.ages.set("settlement", due_ns, self.settle)

    def settle(self, time: VenueTime) -> None:
        """The session ends: funding and profit move into the balance, and trading is off for some seconds."""
        self.settling_until_ns = time.age_ns + self.limits.named("settlement-pause").interval_s * 10**9
        self.ages.set("settled", self.settling_until_ns, partial(self._settled, self.settling_until_ns))
        self._plan_settlement(time.age_ns)
        for listing in self.listings.values():
            if listing.perpetual:
                self.command(SettleFunding(listing.name), time)
        rows = [row for account in self.accounts for row in self._session_rows(account.name, time)]
        self.command(SettleSession(), time)
        self.books.settle(rows)
        self.books.settled = {
            name: listing.mark(self.engine.mark_nano_ticks(name, time.true_ns))
            for name, listing in self.listings.items()
            if self.is_open(listing) and self.state(listing, time) != "delivered"
        }
        self.tell_state(self.roll(time), time)

    def _settled(self, until_ns: int, time: VenueTime) -> None:
        """Trading goes on."""
        self.tell_state([], time)

    def _session_rows(self, account: str, time: VenueTime) -> list[Settlement]:
        held = [position for position in self.engine.positions(account) if position.lots]
        rows: list[Settlement] = []
        for position in held:
            listing = self.listings[position.instrument]
            ticker = self.engine.ticker(listing.name, time.true_ns)
            session = self.books.position(account, listing.name)
            rows.append(
                Settlement(
                    account=account,
                    instrument=listing.name,
                    kind="settlement",
                    at_ns=time.true_ns,
                    position=num(listing.amount(position.lots)),
                    mark=listing.mark(ticker.mark_nano_ticks),
                    index=listing.mark(ticker.index_nano_ticks),
                    session_atoms=position.unrealized_atoms + session.futures_realized,
                    funding_atoms=session.funding,
                    profit_atoms=position.unrealized_atoms,
                )
            )
        return rows


def _may_be_trigger(spelled: str) -> bool:
    """Whether a text looks like the id of a trigger order."""
    parts = spelled.split("-")
    letters = parts[-2] if len(parts) > 1 else ""
    return len(letters) == 4 and letters[:2] in {"SL", "TP"} and parts[-1].isdigit()


class Call(Struct, frozen=True):
    """Who asks what, and when."""

    desk: Desk
    parameters: Parameters
    time: VenueTime
    owner: Account | None = None
    """The caller, where it is known."""
    token: Token | None = None
    session: Session | None = None
    """The connection it came over; None over HTTP."""

    @property
    def account(self) -> Account:
        """The caller, of methods that ask for one."""
        if self.owner is None:
            raise VenueError("unauthorized")
        return self.owner

    def listing(self) -> Listing:
        """The instrument of parameter `instrument_name`, which must be there. Raises `VenueError`."""
        listing = self.desk.listing(self.parameters.text("instrument_name"))
        self.desk.open_market(listing, self.time)
        return listing

    def used(self) -> list[Listing]:
        """Of `listings` those that anybody has used. Raises `VenueError`."""
        return [listing for listing in self.listings() if self.desk.is_open(listing)]

    def currency(self) -> str:
        """Parameter `currency`, which must be there and one of the venue's. Raises `VenueError`."""
        currency = self.parameters.text("currency").upper()
        if currency not in self.desk.currencies:
            raise VenueError("not-valid", reason="invalid currency", parameter="currency")
        return currency

    def listings(self) -> list[Listing]:
        """The instruments that `currency` (or `any`, or nothing) and `kind` mean. Raises `VenueError`."""
        currency, kind = self.parameters.optional("currency"), self.kind()
        currency = None if currency is None or currency.lower() == "any" else self.currency()
        return [
            listing
            for listing in self.desk.listings.values()
            if currency in (None, listing.currency) and kind in ("any", listing.kind)
        ]

    def kind(self) -> str:
        """Parameter `kind`: any when it was not sent. Raises `VenueError`."""
        return self.parameters.word("kind", KINDS, "not-valid", "any")


KINDS = frozenset({"any", "future", "option", "spot", "future_combo", "option_combo", "combo"})
"""What there is of instruments; combinations and spot are none of this simulator's."""

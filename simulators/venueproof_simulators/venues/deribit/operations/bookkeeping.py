"""What the venue writes down of money: what a session made, the transaction log, settlements.

Profit of futures and funding stay out of `balance` until the session is settled; the engine's wallet has them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.events import BalanceCause, BalanceChanged
from venueproof_simulators.engine.state import FillState, OrderState
from venueproof_simulators.venues.deribit.wire.account import LogRow, Session
from venueproof_simulators.venues.deribit.wire.numbers import Listing, num

_KINDS = {
    BalanceCause.DEPOSIT: "deposit",
    BalanceCause.WITHDRAWAL: "withdrawal",
    BalanceCause.FUNDING: "settlement",
    BalanceCause.SETTLEMENT: "settlement",
    BalanceCause.DELIVERY: "delivery",
    BalanceCause.INSURANCE: "transfer",
}
"""Why a wallet changed → the log's word. Fills have a row of their own."""


class Settlement(Struct, frozen=True):
    """One position at the end of one session, or at its delivery. Money in atoms."""

    account: str
    instrument: str
    kind: str
    at_ns: int
    position: float
    mark: Decimal
    index: Decimal
    session_atoms: int
    funding_atoms: int
    profit_atoms: int


class Books:
    """All of it, by account."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], Session] = {}
        self._positions: dict[tuple[str, str], Session] = {}
        self._log: dict[str, list[LogRow]] = {}
        self._settlements: dict[str, list[Settlement]] = {}
        self.settled: dict[str, Decimal] = {}
        """The mark price of each instrument at the last settlement."""
        self.deliveries: dict[str, dict[int, Decimal]] = {}
        """Index → when something was delivered (venue's clock, ms), and at which price."""
        self._numbers = 0

    # --- reading ---

    def session(self, account: str, currency: str) -> Session:
        """What a currency made in this session."""
        return self._sessions.setdefault((account, currency), Session())

    def position(self, account: str, instrument: str) -> Session:
        """What one instrument made in this session."""
        return self._positions.setdefault((account, instrument), Session())

    def log(self, account: str) -> list[LogRow]:
        """The transaction log, oldest first."""
        return self._log.get(account, [])

    def settlements(self, account: str) -> list[Settlement]:
        """What was settled, oldest first."""
        return self._settlements.get(account, [])

    # --- writing ---

    def note_fill(self, listing: Listing, order: OrderState, fill: FillState, wallet: int, lots: int) -> None:
        """A trade, after which the wallet and the position are so."""
        for session in (self.session(fill.account, listing.currency), self.position(fill.account, listing.name)):
            if listing.option:
                session.options_realized += fill.realized_atoms
            else:
                session.futures_realized += fill.realized_atoms
        self._add(
            fill.account,
            kind="trade",
            at_ns=fill.at_ns,
            currency=listing.currency,
            change=fill.premium_atoms - fill.fee_atoms,
            cashflow=fill.premium_atoms if listing.option else fill.realized_atoms,
            balance=self._balance(fill.account, listing.currency, wallet),
            commission=fill.fee_atoms,
            instrument=listing.name,
            side=f"{'close' if fill.realized_atoms else 'open'} {fill.side.value}",
            amount=num(listing.amount(fill.lots)),
            price=num(listing.price(fill.ticks)),
            position=num(listing.amount(lots)),
            order_id=listing.order_id(order.order_id),
            trade_id=listing.trade_id(fill.trade_id),
        )

    def note_money(self, event: BalanceChanged) -> None:
        """A wallet changed for another reason than a trade."""
        kind, wallet = _KINDS.get(event.cause), event.balance
        if kind is None:
            return
        if event.cause is BalanceCause.FUNDING:
            self.session(wallet.account, wallet.asset).funding += event.change_atoms
            self.position(wallet.account, event.instrument).funding += event.change_atoms
        self._add(
            wallet.account,
            kind=kind,
            at_ns=wallet.updated_ns,
            currency=wallet.asset,
            change=event.change_atoms,
            cashflow=event.change_atoms,
            balance=self._balance(wallet.account, wallet.asset, wallet.wallet_atoms),
            instrument=event.instrument,
            interest=event.change_atoms if event.cause is BalanceCause.FUNDING else None,
        )

    def settle(self, rows: Iterable[Settlement]) -> None:
        """The session is over: everything it made is in the balance now."""
        for settlement in rows:
            self.note_settlement(settlement)
        self._sessions.clear()
        self._positions.clear()

    def note_settlement(self, settlement: Settlement) -> None:
        """A position was settled, or delivered."""
        self._settlements.setdefault(settlement.account, []).append(settlement)

    def _balance(self, account: str, currency: str, wallet: int) -> int:
        session = self.session(account, currency)
        return wallet - session.futures_realized - session.funding

    def _add(self, account: str, **fields: object) -> None:
        self._numbers += 1
        row = LogRow(number=self._numbers, **fields)  # type: ignore[arg-type]
        self._log.setdefault(account, []).append(row)

    def forget(self, before_ns: int) -> None:
        """Drop what is older."""
        for rows in self._log.values():
            rows[:] = [row for row in rows if row.at_ns >= before_ns]
        for settled in self._settlements.values():
            settled[:] = [row for row in settled if row.at_ns >= before_ns]

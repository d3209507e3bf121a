"""What moved money or margin beside trading, and when. The engine knows how things stand, not how they came about."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, structs

from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, MarginMoved

_LISTED = frozenset({BalanceCause.DEPOSIT, BalanceCause.WITHDRAWAL, BalanceCause.FUNDING, BalanceCause.INSURANCE})


class Funding(Struct, frozen=True):
    """One funding of an instrument: its rate, and the mark price that it was counted at."""

    at_ns: int
    rate_ppb: int
    mark_nano_ticks: int


class Cashbook:
    """All of it since the venue was opened, oldest first."""

    def __init__(self) -> None:
        self._paid_ns: dict[tuple[str, str], int] = {}
        self._payments: dict[str, list[tuple[int, BalanceChanged]]] = {}
        self._paid: dict[str, int] = {}
        """How many payments an account ever had: they are numbered."""
        self._moves: dict[str, list[MarginMoved]] = {}
        self._fundings: dict[str, list[Funding]] = {}

    def open(self, account: str, assets: Iterable[str], at_ns: int) -> None:
        """An account was opened with these assets."""
        self._paid_ns.update({(account, asset): at_ns for asset in assets})

    def note(self, event: BalanceChanged) -> None:
        """A wallet changed."""
        account = event.balance.account
        self._paid_ns[account, event.balance.asset] = event.balance.updated_ns
        if event.cause in _LISTED:
            self._paid[account] = number = self._paid.get(account, 0) + 1
            self._payments.setdefault(account, []).append((number, event))

    def note_move(self, event: MarginMoved) -> None:
        """Margin went into or out of an isolated position."""
        self._moves.setdefault(event.account, []).append(event)

    def note_funding(self, instrument: str, funding: Funding) -> None:
        """Positions paid, or would have; several at one moment are told a millisecond apart."""
        paid = self._fundings.setdefault(instrument, [])
        if paid and funding.at_ns <= paid[-1].at_ns:
            funding = structs.replace(funding, at_ns=paid[-1].at_ns + 1_000_000)
        paid.append(funding)

    def paid_ns(self, account: str, asset: str) -> int:
        """When a wallet last changed; at first, when the account was opened."""
        return self._paid_ns[account, asset]

    def forget(self, before_ns: int) -> None:
        """Drop payments and moves of margin of before a time. Fundings are public and stay: a few a day."""
        for paid in self._payments.values():
            paid[:] = [row for row in paid if row[1].balance.updated_ns >= before_ns]
        for moves in self._moves.values():
            moves[:] = [moved for moved in moves if moved.position.updated_ns >= before_ns]

    def payments(self, account: str) -> list[tuple[int, BalanceChanged]]:
        """Money paid in and out, funding, and debts taken over; each with its number among the account's."""
        return self._payments.get(account, [])

    def moves(self, account: str) -> list[MarginMoved]:
        """Margin moved into and out of isolated positions."""
        return self._moves.get(account, [])

    def fundings(self, instrument: str) -> list[Funding]:
        """What positions of an instrument paid since the venue was opened."""
        return self._fundings.get(instrument, [])

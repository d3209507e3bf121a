"""The transaction log of accounts: every row that changed a wallet, fills among them, numbered; oldest first.

For venues that print such a log (bills, account log). `cashbook` has the payments alone, and costs nothing by fill.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, OrderChanged
from venueproof_simulators.engine.state import FillState


class Entry(Struct, frozen=True, gc=False):
    """One row. Money in atoms; `balance_atoms` is what was in the wallet afterwards."""

    number: int
    """Of all accounts together, rising."""
    account: str
    asset: str
    at_ns: int
    cause: BalanceCause
    change_atoms: int
    balance_atoms: int
    instrument: str = ""
    fill: FillState | None = None


class Statement:
    """All rows since the venue was opened, by account."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}
        self._number = 0
        self._left: dict[tuple[str, str], int] = {}
        """What is in each wallet as far as this was told."""

    def open(self, account: str, money: Mapping[str, int]) -> None:
        """An account was opened with this money (asset → atoms)."""
        self._left.update({(account, asset): atoms for asset, atoms in money.items()})

    def note_fill(self, event: OrderChanged) -> Entry | None:
        """A fill, if the event is one: its profit less its fee."""
        fill = event.fill
        if fill is None:
            return None
        change_atoms = fill.realized_atoms - fill.fee_atoms
        return self._add(
            fill.account, fill.fee_asset, fill.at_ns, BalanceCause.FILL, change_atoms, fill.instrument, fill
        )

    def note(self, event: BalanceChanged) -> Entry | None:
        """A wallet changed. What a fill did to it has its row already."""
        balance = event.balance
        key = (balance.account, balance.asset)
        if event.cause is BalanceCause.FILL:
            self._left[key] = balance.wallet_atoms
            return None
        self._left[key] = balance.wallet_atoms - event.change_atoms
        return self._add(*key, balance.updated_ns, event.cause, event.change_atoms, event.instrument)

    def of(self, account: str) -> list[Entry]:
        """The rows of an account, oldest first."""
        return self._entries.get(account, [])

    def forget(self, before_ns: int) -> None:
        """Drop rows of before a time."""
        for entries in self._entries.values():
            entries[:] = [entry for entry in entries if entry.at_ns >= before_ns]

    def _add(
        self,
        account: str,
        asset: str,
        at_ns: int,
        cause: BalanceCause,
        change_atoms: int,
        instrument: str,
        fill: FillState | None = None,
    ) -> Entry:
        self._number += 1
        left = self._left[account, asset] = self._left.get((account, asset), 0) + change_atoms
        entry = Entry(self._number, account, asset, at_ns, cause, change_atoms, left, instrument, fill)
        self._entries.setdefault(account, []).append(entry)
        return entry

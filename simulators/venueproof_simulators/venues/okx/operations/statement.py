"""The account's statement: every row that changed a coin's balance, numbered, newest last."""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.events import BalanceCause, BalanceChanged
from venueproof_simulators.engine.state import FillState, PositionSide, Side

TRADE, TRANSFER, FUNDING, MARGIN, LIQUIDATION = "2", "1", "8", "6", "5"
_TRANSFERS = {BalanceCause.DEPOSIT: "11", BalanceCause.WITHDRAWAL: "12"}


class Bill(Struct):
    """One row: `type`, `subType`, and what it is about."""

    serial: int
    account: str
    asset: str
    at_ns: int
    type: str
    subtype: str
    instrument: str = ""
    change_atoms: int = 0
    balance_atoms: int = 0
    fill: FillState | None = None
    mark_nano_ticks: int = 0
    index_nano_ticks: int = 0


def fill_subtype(side: Side, leg: PositionSide) -> str:
    """1 buy and 2 sell of a net position; 3 and 4 open long and short, 5 and 6 close them."""
    if leg is PositionSide.NET:
        return "1" if side is Side.BUY else "2"
    opens = (side is Side.BUY) is (leg is PositionSide.LONG)
    if opens:
        return "3" if leg is PositionSide.LONG else "4"
    return "5" if leg is PositionSide.LONG else "6"


class Statement:
    """All bills since the venue was opened."""

    def __init__(self) -> None:
        self._bills: dict[str, list[Bill]] = {}
        self._serial = 0
        self._open: dict[tuple[str, str], Bill] = {}
        """Bills of fills whose balance is told next."""

    def of(self, account: str) -> list[Bill]:
        """The bills of an account, oldest first."""
        return self._bills.get(account, [])

    def fills(self, account: str) -> list[Bill]:
        """Those that are fills."""
        return [bill for bill in self.of(account) if bill.fill is not None]

    def note_fill(self, fill: FillState, mark: int, index: int) -> int:
        """An order filled; its balance follows. Gives the number of the row."""
        bill = Bill(
            serial=0,
            account=fill.account,
            asset=fill.fee_asset,
            at_ns=fill.at_ns,
            type=TRADE,
            subtype=fill_subtype(fill.side, fill.position_side),
            instrument=fill.instrument,
            change_atoms=fill.realized_atoms - fill.fee_atoms,
            fill=fill,
            mark_nano_ticks=mark,
            index_nano_ticks=index,
        )
        self._open[fill.account, fill.fee_asset] = bill
        return self._add(bill)

    def note(self, event: BalanceChanged) -> None:
        """A wallet changed."""
        balance = event.balance
        if event.cause is BalanceCause.FILL:
            bill = self._open.pop((balance.account, balance.asset), None)
            if bill is not None:
                bill.balance_atoms = balance.wallet_atoms
            return
        type_, subtype = _kind(event)
        self._add(
            Bill(
                serial=0,
                account=balance.account,
                asset=balance.asset,
                at_ns=balance.updated_ns,
                type=type_,
                subtype=subtype,
                instrument=event.instrument,
                change_atoms=event.change_atoms,
                balance_atoms=balance.wallet_atoms,
            )
        )

    def forget(self, before_ns: int) -> None:
        """Drop rows of before a time."""
        for bills in self._bills.values():
            bills[:] = [bill for bill in bills if bill.at_ns >= before_ns]

    def _add(self, bill: Bill) -> int:
        self._serial += 1
        bill.serial = self._serial
        self._bills.setdefault(bill.account, []).append(bill)
        return bill.serial


def _kind(event: BalanceChanged) -> tuple[str, str]:
    """Type and subtype: funding paid 173 and received 174, transfers 11 and 12, margin moved 160 and 161."""
    if event.cause is BalanceCause.FUNDING:
        return FUNDING, "173" if event.change_atoms < 0 else "174"
    if event.cause is BalanceCause.MARGIN:
        return MARGIN, "160" if event.change_atoms < 0 else "161"
    if event.cause is BalanceCause.INSURANCE:
        return LIQUIDATION, "110"
    return TRANSFER, _TRANSFERS.get(event.cause, "11")

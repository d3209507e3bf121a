"""The canonical record of a run: each command, when it came, and the events it gave. Enough to repeat the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from msgspec import Struct, json

from venueproof_simulators.engine.commands import (
    AddLiquidity,
    Amend,
    Cancel,
    CancelAll,
    Command,
    Deposit,
    ExpireOrder,
    FillOrder,
    OpenAccount,
    Place,
    PrintTrade,
    RefuseOrders,
    SetLeverage,
    SetMarginMode,
    SetPrice,
    Tick,
)
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.prices import Pace

AnyCommand = (
    OpenAccount
    | Deposit
    | Place
    | Amend
    | Cancel
    | CancelAll
    | SetLeverage
    | SetMarginMode
    | SetPrice
    | PrintTrade
    | AddLiquidity
    | FillOrder
    | ExpireOrder
    | RefuseOrders
    | Tick
)


class Header(Struct, frozen=True):
    """What an engine was made of."""

    instruments: Sequence[Instrument]
    seed: int
    start_ns: int
    pace: Pace


class _Row(Struct, gc=False):
    at_ns: int
    command: Command
    events: Sequence[Event]


class _Entry(Struct):
    """A row as it is read back: events are the engine's to make again."""

    at_ns: int
    command: AnyCommand


class Journal:
    """Rows in order, as canonical JSON; the first one is the header. They are encoded when somebody asks."""

    def __init__(self, header: Header) -> None:
        self._encoder = json.Encoder()
        self._rows = [self._encoder.encode(header)]
        self._fresh: list[_Row] = []
        self._hash = sha256()
        self._hashed = 0

    def __deepcopy__(self, memo: dict[int, object]) -> Journal:
        """A journal of its own with the same rows, which never change: a lagging venue is a copy of the venue."""
        twin = Journal.__new__(Journal)
        twin._encoder = self._encoder
        twin._rows, twin._fresh = list(self._rows), list(self._fresh)
        twin._hash, twin._hashed = self._hash.copy(), self._hashed
        return twin

    def add(self, at_ns: int, command: Command, events: Sequence[Event]) -> None:
        """Record a command that was applied."""
        self._fresh.append(_Row(at_ns, command, tuple(events)))

    def rows(self) -> Sequence[bytes]:
        """All rows so far."""
        self._rows += map(self._encoder.encode, self._fresh)
        self._fresh.clear()
        return self._rows

    def digest(self) -> str:
        """SHA-256 over all rows, a line feed after each."""
        rows = self.rows()
        for row in rows[self._hashed :]:
            self._hash.update(row + b"\n")
        self._hashed = len(rows)
        return self._hash.hexdigest()


def read_header(row: bytes) -> Header:
    """The header back from the first row. Raises `msgspec.ValidationError` for anything else."""
    return json.decode(row, type=Header)


def read_commands(rows: Iterable[bytes]) -> Iterator[tuple[int, Command]]:
    """Times and commands back from the rows after the header."""
    decoder = json.Decoder(_Entry)
    for row in rows:
        entry = decoder.decode(row)
        yield entry.at_ns, entry.command

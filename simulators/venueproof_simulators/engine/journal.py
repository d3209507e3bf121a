"""The canonical record of a run: each command, when it came, and the events it gave. Enough to repeat the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from hashlib import sha256
from itertools import islice

from msgspec import Struct, json

from venueproof_simulators.engine.commands import (
    AddLiquidity,
    Amend,
    AmendConditional,
    Cancel,
    CancelAll,
    CancelAllConditional,
    CancelConditional,
    Command,
    Deliver,
    Deposit,
    ExpireConditional,
    ExpireOrder,
    FillOrder,
    HoldTriggers,
    List,
    MoveMargin,
    OpenAccount,
    PayFunding,
    Place,
    PlaceConditional,
    PrintTrade,
    RefuseOrders,
    SetFundingRate,
    SetInsurance,
    SetLeverage,
    SetMarginMode,
    SetMark,
    SetPoolSharing,
    SetPositionMode,
    SetPrice,
    SettleFunding,
    SettleSession,
    Tick,
    TriggerConditional,
)
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.prices import Pace

AnyCommand = (
    AddLiquidity
    | Amend
    | AmendConditional
    | Cancel
    | CancelAll
    | CancelAllConditional
    | CancelConditional
    | Deposit
    | ExpireConditional
    | ExpireOrder
    | FillOrder
    | HoldTriggers
    | MoveMargin
    | Deliver
    | List
    | SettleFunding
    | SettleSession
    | SetFundingRate
    | OpenAccount
    | PayFunding
    | Place
    | PlaceConditional
    | PrintTrade
    | RefuseOrders
    | SetInsurance
    | SetLeverage
    | SetMarginMode
    | SetMark
    | SetPoolSharing
    | SetPositionMode
    | SetPrice
    | Tick
    | TriggerConditional
)


Listener = Callable[[Sequence[Event]], None]


class Header(Struct, frozen=True):
    """What an engine was made of."""

    instruments: Sequence[Instrument]
    seed: int
    start_ns: int
    pace: Pace


class _Row(Struct):
    at_ns: int
    command: Command
    events: Sequence[Event]


class _Fresh(Struct, gc=False):
    """A row before it is encoded; its events stand among those of all such rows."""

    at_ns: int
    command: Command
    events: int
    """How many."""


class _Entry(Struct):
    """A row as it is read back: events are the engine's to make again."""

    at_ns: int
    command: AnyCommand


class JournalStoppedError(LookupError):
    """A journal was asked for its rows that does not record any more."""


class Journal:
    """Rows in order, as canonical JSON; the first one is the header. They are encoded when somebody asks."""

    def __init__(self, header: Header) -> None:
        self._encoder = json.Encoder()
        self._rows = [self._encoder.encode(header)]
        self._fresh: list[_Fresh] = []
        self._events: list[Event] = []
        """Those of `_fresh`, one row's after the other's: lists of their own would burden the garbage collector."""
        self._hash = sha256()
        self._hashed = 0
        self._stopped = False
        self._listeners: list[Listener] = []

    def __deepcopy__(self, memo: dict[int, object]) -> Journal:
        """A journal of its own with the same rows, which never change: a lagging venue is a copy of the venue."""
        twin = copy(self)
        twin._rows, twin._fresh, twin._events = list(self._rows), list(self._fresh), list(self._events)
        twin._hash = self._hash.copy()
        twin._listeners = []
        return twin

    def stop(self) -> None:
        """Forget all rows and record no more: for an engine that runs for days and that nobody will repeat."""
        self._stopped = True
        self._rows.clear()
        self._fresh.clear()
        self._events.clear()

    def add(self, at_ns: int, command: Command, events: Sequence[Event]) -> None:
        """Record a command that was applied, and tell those who listen."""
        for listener in self._listeners:
            listener(events)
        if not self._stopped:
            self._fresh.append(_Fresh(at_ns, command, len(events)))
            self._events += events

    def listen(self, listener: Listener) -> None:
        """Have every command's events told from now on; a copy of this journal tells nobody."""
        self._listeners.append(listener)

    def rows(self) -> Sequence[bytes]:
        """All rows so far. Raises `JournalStoppedError` after `stop`."""
        if self._stopped:
            raise JournalStoppedError("this engine's journal was stopped: the run cannot be repeated from it")
        self._rows += self._encoded()
        self._fresh.clear()
        self._events.clear()
        return self._rows

    def _encoded(self) -> Iterator[bytes]:
        events = iter(self._events)
        for row in self._fresh:
            yield self._encoder.encode(_Row(row.at_ns, row.command, list(islice(events, row.events))))

    def digest(self) -> str:
        """SHA-256 over all rows, a line feed after each. Raises `JournalStoppedError` after `stop`."""
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

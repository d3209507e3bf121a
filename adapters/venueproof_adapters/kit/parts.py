"""The parts that a native adapter is built from, each of which can be exchanged for another.

A part is a class or a function with the signature of the default. An adapter that is broken in exactly one way is the
real one with one part exchanged: `replaced(Parts(), fills=ForgetfulLedger)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from random import Random

from msgspec import Struct, structs

from venueproof_adapters.kit.account import Freshest
from venueproof_adapters.kit.backoff import Backoff, reconnect_backoff
from venueproof_adapters.kit.book import BookBuilder
from venueproof_adapters.kit.budget import Budget
from venueproof_adapters.kit.candles import orderly_candles
from venueproof_adapters.kit.clock import Clock, SystemClock
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.http import Http
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.ledger import FillLedger, OrderKey
from venueproof_adapters.kit.orders import OrderView
from venueproof_adapters.kit.precision import decimal_text
from venueproof_adapters.kit.resolve import Resolver
from venueproof_adapters.kit.socket import Socket
from venueproof_adapters.kit.watchdog import Watchdog
from venueproof_contracts.model import Balance, Candle, Position, PositionSide

PositionKey = tuple[str, PositionSide]


class Parts(Struct, frozen=True):
    """What `build` makes an adapter of."""

    clock: Callable[[], Clock] = SystemClock
    """Reads wall and monotonic time."""
    random: Callable[[int], Random] = Random
    """Makes the generator of jitter from a seed."""
    clock_sync: Callable[[Clock], ClockSync] = ClockSync
    """Works out the venue's clock: every stamp that is signed, every `closed` of a candle."""
    budget: Callable[[Callable[[], int]], Budget] = Budget
    """Admits requests: waits before a limit, refuses to send during a ban."""
    backoff: Callable[[Random], Backoff] = Backoff
    """Delays and number of tries after a refusal for haste."""
    reconnects: Callable[[Random], Backoff] = reconnect_backoff
    """Delays between reconnects."""
    http: Callable[..., Http] = Http
    """Sends one HTTP request once and tells `NotSent` from `OutcomeUnknown`."""
    socket: Callable[..., Socket] = Socket
    """Keeps a WebSocket up: reconnects, greets anew, replaces it before the venue's cut."""
    watchdog: Callable[[float, Callable[[tuple[str, OrderKey]], None]], Watchdog[tuple[str, OrderKey]]] = Watchdog[
        tuple[str, OrderKey]
    ]
    """Notices that the stream did not tell of our own doing."""
    ids: Callable[[str, int], IdMap] = IdMap
    """Intent id ↔ client id, given the venue's pattern and length."""
    fills: Callable[[Callable[[str], bool]], FillLedger] = FillLedger
    """Books each fill once, told which instruments are inverse."""
    orders: Callable[[Callable[[str], bool]], OrderView] = OrderView
    """Merges tellings of orders, never going back; told as `fills` is."""
    positions: Callable[[], Freshest[PositionKey, Position]] = Freshest[PositionKey, Position]
    """Merges tellings of positions."""
    balances: Callable[[], Freshest[str, Balance]] = Freshest[str, Balance]
    """Merges tellings of balances."""
    resolver: Callable[[Clock, float], Resolver] = Resolver
    """Finds out what became of a request without a reply, given its lifetime in seconds."""
    book: Callable[[str], BookBuilder] = BookBuilder
    """Builds a book from snapshot and changes."""
    candles: Callable[[Iterable[tuple[Candle, int]], int], list[Candle]] = orderly_candles
    """Sorts candles and marks the unfinished one."""
    decimal_text: Callable[[Decimal], str] = decimal_text
    """Writes a decimal exactly."""
    reconcile_every_s: float = 40.0
    """How often the account is compared with the venue's answers; 0: never."""
    renews_credential: bool = True
    """What keeps the account's stream alive is renewed before it expires."""
    hears_credential_expiry: bool = True
    """The venue's word that the stream's credential expired starts a new one."""
    heals_after_reconnect: bool = True
    """What was missed while the account's stream was away is asked for."""
    asks_before_resending: bool = True
    """An intent id that was sent before is asked for before it is sent again."""
    orders_over_socket: bool = False
    """Orders go over a connection of their own where the venue has one and the adapter knows it; else over HTTP."""
    sweeps_leftovers: bool = True
    """Orders that only reduce and outlived their position are ended before the next entry or change of settings."""


def replaced(parts: Parts, **changes: object) -> Parts:
    """The parts with some of them exchanged."""
    return structs.replace(parts, **changes)

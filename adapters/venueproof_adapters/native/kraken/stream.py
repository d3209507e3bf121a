"""What streamed messages say: the account's behind a challenge, the market's by feed and product.

Feeds of an account are independent of each other: a fill may come before its order. An order that went may be told by
its id alone, and without the client's id every one of them. Source: the vendor's WebSocket pages; recordings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial

import msgspec
from msgspec import structs

from venueproof_adapters.kit.account_stream import AccountStream
from venueproof_adapters.kit.book import BookChange
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.feeds import News, Prices, Snapshot
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.ledger import ref_key
from venueproof_adapters.kit.line import Ack, Command, Heard, Pace
from venueproof_adapters.kit.orders import fired
from venueproof_adapters.kit.state import State
from venueproof_adapters.native.kraken import frames
from venueproof_adapters.native.kraken.parse import Parser, asset, gone, side
from venueproof_adapters.native.kraken.products import Product
from venueproof_adapters.native.kraken.rest import Signer
from venueproof_contracts.errors import AdapterError, AuthFailed, Reason, Rejected
from venueproof_contracts.model import (
    ZERO,
    Balance,
    Channel,
    Fill,
    Instrument,
    Level,
    Order,
    OrderStatus,
    Side,
    Trade,
)

_NAMED_WITHIN_S = 1.0
"""The answer to our own placement is there by then."""
_FEEDS = ("fills", "open_orders", "open_positions", "balances")
_CHALLENGE = "challenge"
_NOT_PROVEN = "Failed to subscribe to authenticated feed"
_SUBSCRIBED = frozenset({"subscribed", "unsubscribed"})
_BAD_PRODUCT = "Invalid product id"


class KrakenAccountSource:
    """The feeds of the account. The challenge belongs to the connection, and is answered anew on each."""

    lines: Sequence[str] = ("account",)
    heartbeat: Heartbeat | None = None
    """The protocol's own pings will do: the venue wants one a minute."""
    renew_every_s: float = 0.0

    def __init__(
        self,
        product: Product,
        ws: str,
        signer: Signer,
        parser: Parser,
        catalog: Catalog,
        state: State,
        now_ns: Callable[[], int],
    ) -> None:
        self._product = product
        self._ws = ws
        self._signer = signer
        self._parser = parser
        self._known = parser.known
        self._catalog = catalog
        self._state = state
        self._now_ns = now_ns

    async def address(self, line: str) -> str:
        """The one there is."""
        return self._ws

    async def greet(self, line: str, dialogue: Dialogue) -> None:
        """Answer the challenge, then subscribe, executions first."""
        ask = {"event": _CHALLENGE, "api_key": self._signer.key}
        (answer,) = await dialogue.demand(_frame(ask), _CHALLENGE)
        challenge = msgspec.json.decode(answer, type=frames.Head).message
        proof = {
            "api_key": self._signer.key,
            "original_challenge": challenge,
            "signed_challenge": self._signer.challenged(challenge),
        }
        for feed in _FEEDS:
            await dialogue.demand(_frame({"event": "subscribe", "feed": feed, **proof}), feed)

    async def renew_credential(self, dialogues: Mapping[str, Dialogue]) -> bool:
        """Nothing expires."""
        return True

    def handle(self, line: str, frame: str | bytes, stream: AccountStream) -> None:
        """A frame of a feed, or an answer."""
        head = msgspec.json.decode(frame, type=frames.Head)
        if head.event:
            _answer(head, frame, stream.dialogues[line])
            return
        match head.feed:
            case "open_orders":
                self._order_frame(msgspec.json.decode(frame, type=frames.OrderFrame), stream)
            case "open_orders_snapshot":
                for row in msgspec.json.decode(frame, type=frames.OrdersFrame).orders:
                    self._order(self._parser.streamed(row), row.cli_ord_id, stream)
            case "fills" | "fills_snapshot":
                for fill in msgspec.json.decode(frame, type=frames.FillsFrame).fills:
                    self._fill(fill, stream)
            case "open_positions":
                self._positions(msgspec.json.decode(frame, type=frames.PositionsFrame))
            case "balances" | "balances_snapshot":
                self._balances(msgspec.json.decode(frame, type=frames.BalancesFrame))
            case _:
                pass

    # --- orders -------------------------------------------------------------------------------------------------------

    def _order_frame(self, told: frames.OrderFrame, stream: AccountStream) -> None:
        if told.order is None:
            self._removed(told.order_id, told.reason, stream)
            return
        order = self._parser.streamed(told.order)
        if told.is_cancel:
            order = gone(order, told.reason, self._now_ns())
        self._order(order, told.order.cli_ord_id, stream)

    def _removed(self, venue_id: str, reason: str, stream: AccountStream) -> None:
        """An order is gone, told by its id alone: the last word on it stands, but for its end."""
        known = self._last(venue_id)
        if known is None:
            self._known.hold(venue_id, partial(self._removed, venue_id, reason, stream))
            return
        if known.status is OrderStatus.TRIGGERING:
            stream.hear_change()  # it failed to fire, or what it became is gone already: that is not said
            return
        self._order(gone(known, reason, self._now_ns()), "", stream)

    def _last(self, venue_id: str) -> Order | None:
        """What lives under an id: what a conditional order became, if it did; else what was told last."""
        symbol = self._known.instrument(venue_id)
        if symbol is None:
            return None
        plain, waiting = (self._state.orders.get((symbol, venue_id, waits)) for waits in (False, True))
        return waiting if waiting is not None and not waiting.status.final else plain or waiting

    def _order(self, order: Order, client_id: str, stream: AccountStream) -> None:
        """Tell of an order, as soon as it is known whose it is."""
        ref = order.ref
        venue_id = ref.venue_id or ""
        if not self._catalog.has(ref.instrument):
            return
        self._known.name(venue_id, ref.instrument, client_id)
        named = self._known.client_id(venue_id)
        if named is None:
            self._known.hold(venue_id, partial(self._order, order, client_id, stream))
            asyncio.get_running_loop().call_later(_NAMED_WITHIN_S, self._ask_for, venue_id, stream)
            return
        if not ref.conditional:
            self._tell_fired(order, stream)
        stream.hear_order(self._parser.named(order, named), None)
        self._known.told(venue_id)

    def _ask_for(self, venue_id: str, stream: AccountStream) -> None:
        """Nobody said whose an order is: it is not ours, and questions tell more than this stream."""
        if self._known.holds(venue_id):
            stream.hear_change()

    def _tell_fired(self, order: Order, stream: AccountStream) -> None:
        """The order that a conditional one became is there: that is what firing means."""
        before = self._state.orders.get(ref_key(structs.replace(order.ref, conditional=True)))
        if before is not None and not before.status.final:
            at_ns = max(before.updated_ns, order.updated_ns)
            told, _ = fired(self._parser.named(structs.replace(before, updated_ns=at_ns), self._named(order)))
            stream.hear_order(told, None)

    def _named(self, order: Order) -> str:
        return self._known.client_id(order.ref.venue_id or "") or ""

    # --- executions ---------------------------------------------------------------------------------------------------

    def _fill(self, row: frames.StreamedFill, stream: AccountStream) -> None:
        """The last ones come again with each subscription; those from before we listened are nobody's news."""
        fill = self._parser.streamed_fill(row)
        if fill.at_ns < self._state.since_ns or not self._catalog.has(fill.ref.instrument):
            return
        self._tell_fired_by(fill, stream)
        stream.hear_fill(fill)
        self._tell_filled(fill, stream)

    def _tell_fired_by(self, fill: Fill, stream: AccountStream) -> None:
        before = self._state.orders.get(ref_key(structs.replace(fill.ref, conditional=True)))
        if before is not None:
            self._tell_fired(_became(before, fill.at_ns), stream)

    def _tell_filled(self, fill: Fill, stream: AccountStream) -> None:
        """An execution tells of its order as well: by how much it is filled now. What the venue says is left is nothing
        also of an order that was canceled meanwhile."""
        venue_id, key = fill.ref.venue_id or "", ref_key(fill.ref)
        order = self._state.orders.get(key)
        if order is None:
            before = self._state.orders.get((key[0], key[1], True))
            order = None if before is None else _became(before, fill.at_ns)
        if order is None:
            self._known.hold(venue_id, partial(self._tell_filled, fill, stream))
            return
        filled = max(order.filled, -self._state.fills.missing(key, ZERO))
        status = order.status
        if not status.final:
            status = OrderStatus.FILLED if filled >= order.amount else OrderStatus.PARTLY_FILLED
        told = structs.replace(order, filled=filled, status=status, updated_ns=max(order.updated_ns, fill.at_ns))
        stream.hear_order(self._parser.named(told, self._state.client_id(key) or self._named(order)), None)

    # --- positions and balances ---------------------------------------------------------------------------------------

    def _positions(self, told: frames.PositionsFrame) -> None:
        """All there are: what is not among them is flat."""
        stamp = (told.timestamp * MS_NS, told.seq)
        rows = {self._parser.symbol(row.instrument): row for row in told.positions}
        for symbol, row in rows.items():
            if self._catalog.has(symbol):
                self._state.hear_position(self._parser.streamed_position(row), stamp)
        for (symbol, _), held in self._state.positions.all().items():
            if symbol not in rows and held.amount:
                flat = structs.replace(held, amount=ZERO, entry_price=None, unrealized_pnl=None)
                self._state.hear_position(flat, stamp)

    def _balances(self, told: frames.BalancesFrame) -> None:
        """Those that margin the product's contracts; a message holds the groups that changed."""
        stamp = (told.timestamp * MS_NS, told.seq)
        wallets = [(wallet.unit, wallet.balance, wallet.available) for wallet in told.futures.values()]
        if self._product.flexible:
            wallets = [(name, one.quantity, one.available) for name, one in told.flex_futures.currencies.items()]
        for name, amount, available in wallets:
            self._state.hear_balance(Balance(asset(name), amount, available), stamp)


def _became(conditional: Order, at_ns: int) -> Order:
    """The order that a conditional one became, of which nothing was told by itself."""
    ref = structs.replace(conditional.ref, conditional=False)
    return structs.replace(
        conditional, ref=ref, status=OrderStatus.OPEN, trigger=None, replaced_by=None, updated_ns=at_ns, reason=""
    )


def _answer(head: frames.Head, frame: str | bytes, dialogue: Dialogue) -> None:
    """What was asked for is there, or refused without a word on which of it."""
    match head.event:
        case "challenge":
            dialogue.answer(_CHALLENGE, frame)
        case "subscribed":
            dialogue.answer(head.feed)
        case "alert" | "error" | "subscribed_failed":
            first = dialogue.first()
            if first is not None and not head.message.startswith("Already"):
                dialogue.refuse(first, _refusal(head))
        case _:
            pass


def _refusal(head: frames.Head) -> AdapterError:
    if head.message == _NOT_PROVEN:
        return AuthFailed(code=head.event, text=head.message)
    known = head.message == _BAD_PRODUCT
    return Rejected(Reason.UNKNOWN_INSTRUMENT if known else Reason.BAD_PARAMETER, code=head.event, text=head.message)


def _frame(document: Mapping[str, object]) -> str:
    return msgspec.json.encode(document).decode()


# --- the market -------------------------------------------------------------------------------------------------------

_MARKET_FEEDS = {Channel.BOOK: "book", Channel.TRADES: "trade", Channel.TICKER: "ticker"}
"""There is no feed of candles."""


class KrakenMarketSource:
    """The feeds of products, on one connection."""

    lines: Sequence[str] = ("market",)
    heartbeat: Heartbeat | None = None
    pace = Pace(streams_max=1, pause_s=0.02)
    """A frame names one feed; a hundred frames a second are too many."""

    def __init__(self, ws: str, catalog: Catalog) -> None:
        self._ws = ws
        self._catalog = catalog

    def address(self, line: str) -> str:
        """The one there is."""
        return self._ws

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        """Feed and product."""
        feed = _MARKET_FEEDS.get(channel)
        return [("market", f"{feed}:{instrument.spelling}")] if feed else []

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> Command:
        """One feed of one product; the answer names both, a refusal neither."""
        feed, _, product = streams[0].partition(":")
        event = "subscribe" if subscribe else "unsubscribe"
        return Command(_frame({"event": event, "feed": feed, "product_ids": [product]}), (streams[0],))

    def read(self, frame: str | bytes) -> Sequence[Heard | Ack]:
        """A frame of a feed, or an answer."""
        head = msgspec.json.decode(frame, type=frames.Head)
        if head.event in _SUBSCRIBED:
            keys: list[Hashable] = [f"{head.feed}:{product}" for product in head.product_ids]
            return [Ack(key) for key in keys]
        if head.event:
            refused = head.event in ("error", "subscribed_failed", "unsubscribed_failed")
            return [Ack(None, _refusal(head))] if refused else []
        if reader := _READERS.get(head.feed):
            channel, read = reader
            return [Heard(channel, head.product_id, read(frame, self._catalog.symbol(head.product_id)))]
        return []


def _levels(rows: Sequence[frames.StreamedLevel]) -> tuple[Level, ...]:
    return tuple(Level(row.price, row.qty) for row in rows)


def _whole_book(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=frames.BookSnapshot)
    return Snapshot(told.seq, _levels(told.bids), _levels(told.asks), told.timestamp * MS_NS)


def _level(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=frames.BookDelta)
    changed = (Level(told.price, told.qty),)
    bids, asks = (changed, ()) if side(told.side) is Side.BUY else ((), changed)
    return BookChange(told.seq, told.seq, told.seq - 1, bids, asks, told.timestamp * MS_NS)


def _trade(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=frames.StreamedTrade)
    return Trade(symbol, told.uid, told.price, told.qty, side(told.side), told.time * MS_NS)


def _ticker(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=frames.StreamedTicker)
    return Prices(
        told.time * MS_NS,
        last=told.last or None,
        bid=told.bid or None,
        ask=told.ask or None,
        mark=told.mark,
        index=told.index,
        funding_rate=told.relative_funding_rate,
        volume_24h=told.volume,
    )


_READERS: dict[str, tuple[Channel, Callable[[str | bytes, str], News]]] = {
    "book_snapshot": (Channel.BOOK, _whole_book),
    "book": (Channel.BOOK, _level),
    "trade": (Channel.TRADES, _trade),
    "ticker": (Channel.TICKER, _ticker),
}

"""What streamed messages say: the account's by listen key, the market's on one connection or two.

Of linear products `public` carries depth and best prices, `market` the rest; a stream asked for on the wrong one is
acknowledged and stays silent. Source: the vendor's user data stream and market stream pages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from venueproof_adapters.kit.account_stream import AccountStream
from venueproof_adapters.kit.book import BookChange
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.feeds import INTERVAL, News, Prices
from venueproof_adapters.kit.figures import figure, levels
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.line import Ack, Command, Heard, Pace
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.state import State
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.errors import LISTEN_KEY_UNKNOWN
from venueproof_adapters.native.binance.parse import Parser, candle_update, public_trade
from venueproof_adapters.native.binance.products import MARKET, PUBLIC, Product
from venueproof_adapters.native.binance.rest import Rest
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import Balance, Channel, Instrument

log = logging.getLogger("venueproof_adapters.binance")

_STREAMS: dict[Channel, tuple[tuple[str, str], ...]] = {
    Channel.BOOK: ((PUBLIC, "depth@100ms"),),
    Channel.TRADES: ((MARKET, "aggTrade"),),
    Channel.TICKER: ((MARKET, "ticker"), (MARKET, "markPrice"), (PUBLIC, "bookTicker")),
    Channel.CANDLES: ((MARKET, f"kline_{INTERVAL}"),),
}


class BinanceAccountSource:
    """The user data stream."""

    lines: Sequence[str] = ("account",)
    heartbeat: Heartbeat | None = None
    renew_every_s: float = 20 * 60.0
    """A listen key lasts an hour."""

    def __init__(self, product: Product, rest: Rest, ws: str, parser: Parser, catalog: Catalog, state: State) -> None:
        self._rest = rest
        self._address = ws + product.private
        self._parser = parser
        self._catalog = catalog
        self._state = state

    async def address(self, line: str) -> str:
        """The venue gives the same listen key again while it is valid, and a new one otherwise."""
        key = (await self._rest.ask("listen-key", wire.ListenKeyRow)).listen_key
        return self._address + key

    async def greet(self, line: str, dialogue: Dialogue) -> None:
        """The address says it all."""

    async def renew_credential(self, dialogues: Mapping[str, Dialogue]) -> bool:
        """PUT listenKey. Never deleted: that would end the streams of every client of the account."""
        try:
            await self._rest.ask("keep-listen-key", dict[str, msgspec.Raw])
        except Rejected as error:
            if error.code not in LISTEN_KEY_UNKNOWN:
                raise
            return False
        return True

    def handle(self, line: str, frame: str | bytes, stream: AccountStream) -> None:
        """The venue's own bots are nothing that is told of."""
        match msgspec.json.decode(frame, type=wire.Head).event:
            case "ORDER_TRADE_UPDATE":
                told = msgspec.json.decode(frame, type=wire.OrderMessage).order
                order = Told(self._parser.order(told), told.client_order_id)
                stream.hear_order(order, self._parser.fill_update(told))
            case "ALGO_UPDATE":
                message = msgspec.json.decode(frame, type=wire.AlgoMessage)
                conditional = self._parser.conditional(message.order, message.at_ms)
                stream.hear_order(Told(conditional, message.order.client_algo_id), None)
            case "ACCOUNT_UPDATE":
                self._account(msgspec.json.decode(frame, type=wire.AccountMessage))
            case "TRADE_LITE":
                lite = msgspec.json.decode(frame, type=wire.TradeLite)
                key = (self._catalog.symbol(lite.symbol), str(lite.order_id), False)
                stream.hear_execution(str(lite.trade_id), key)
            case "ACCOUNT_CONFIG_UPDATE":
                stream.hear_change()
            case "MARGIN_CALL":
                log.warning("the venue calls for margin: positions are near liquidation")
            case "listenKeyExpired":
                stream.hear_expiry()
            case _:
                pass

    def _account(self, message: wire.AccountMessage) -> None:
        stamp = (message.at_ms * MS_NS, message.sent_ms * MS_NS)
        for told in message.account.positions:
            self._state.hear_position(self._parser.position(told), stamp)
        for changed in message.account.balances:
            self._state.hear_balance(Balance(changed.asset, changed.wallet, None), stamp)


class BinanceMarketSource:
    """The market streams."""

    heartbeat: Heartbeat | None = None
    """The venue pings, on the level of the protocol."""
    pace = Pace()

    def __init__(self, product: Product, ws: str, catalog: Catalog) -> None:
        self.lines: Sequence[str] = tuple(product.lines)
        self._product = product
        self._ws = ws
        self._catalog = catalog

    def address(self, line: str) -> str:
        """Without a stream in it: they are asked for by command."""
        return self._ws + self._product.lines[line]

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        """Names are the spelling in lower case and the kind."""
        name = instrument.spelling.lower()
        return [(self._product.line(line), f"{name}@{kind}") for line, kind in _STREAMS[channel]]

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> Command:
        """SUBSCRIBE or UNSUBSCRIBE."""
        method = "SUBSCRIBE" if subscribe else "UNSUBSCRIBE"
        frame = msgspec.json.encode({"method": method, "params": list(streams), "id": number})
        return Command(frame.decode(), (number,))

    def read(self, frame: str | bytes) -> Sequence[Heard | Ack]:
        """An event, or the answer to a command; an error may come bare and without the command's id."""
        head = msgspec.json.decode(frame, type=wire.Head)
        if reader := _READERS.get(head.event):
            channel, read = reader
            return [Heard(channel, head.symbol, read(frame, self._catalog.symbol(head.symbol)))]
        if head.event:
            return []
        if head.error is None and head.code is None:
            return [Ack(head.id)]
        text = str(head.error.get("msg", "")) if head.error else head.msg
        return [Ack(head.id, Rejected(Reason.BAD_PARAMETER, text=text, code=str(head.code or "")))]


def _depth(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=wire.DepthUpdate)
    return BookChange(told.first, told.last, told.previous, levels(told.bids), levels(told.asks), told.at_ms * MS_NS)


def _trade(frame: str | bytes, symbol: str) -> News:
    return public_trade(msgspec.json.decode(frame, type=wire.AggTradeRow), symbol)


def _day(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=wire.DayTicker)
    return Prices(told.at_ms * MS_NS, last=told.last, volume_24h=told.volume)


def _best(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=wire.BestPrices)
    return Prices(told.at_ms * MS_NS, bid=told.bid, ask=told.ask)


def _mark(frame: str | bytes, symbol: str) -> News:
    told = msgspec.json.decode(frame, type=wire.MarkPrice)
    return Prices(told.at_ms * MS_NS, mark=told.mark, index=told.index, funding_rate=figure(told.funding_rate))


def _candle(frame: str | bytes, symbol: str) -> News:
    return candle_update(msgspec.json.decode(frame, type=wire.KlineMessage).kline)


_READERS: dict[str, tuple[Channel, Callable[[str | bytes, str], News]]] = {
    "depthUpdate": (Channel.BOOK, _depth),
    "aggTrade": (Channel.TRADES, _trade),
    "24hrTicker": (Channel.TICKER, _day),
    "bookTicker": (Channel.TICKER, _best),
    "markPriceUpdate": (Channel.TICKER, _mark),
    "kline": (Channel.CANDLES, _candle),
}

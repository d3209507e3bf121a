"""Mutants of what is asked about the market: symbols, instruments, candles, books, tickers."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from venueproof_adapters.kit.book import BookBuilder, BookChange
from venueproof_adapters.mutants.making import Wrapper, broken, exchanged
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import (
    Book,
    Candle,
    Event,
    Fill,
    Funding,
    Instrument,
    OpenInterest,
    Order,
    OrderEvent,
    Side,
    Ticker,
    Trade,
)


def _unified(symbol: str | None) -> bool:
    return symbol is not None and ":" in symbol


@broken("SYM-010", "reads-unknown-symbols-as-empty")
class UnknownSymbolsAreEmpty(Wrapper):
    """Answers with an empty list when the venue does not know the symbol."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        try:
            return await self.inner.open_orders(instrument)
        except AdapterError:
            if _unified(instrument):
                return []
            raise


@broken("SYM-020", "tells-events-in-the-venues-spelling")
class VenueSpelling(Wrapper):
    """Tells order events under a spelling of its own instead of the unified symbol."""

    def heard(self, event: Event) -> Event | None:
        if not isinstance(event, OrderEvent):
            return event
        ref = event.order.ref
        spelling = ref.instrument.partition(":")[0].replace("/", "")
        return OrderEvent(structs.replace(event.order, ref=structs.replace(ref, instrument=spelling)))


@broken("SYM-030", "filters-other-spellings-to-nothing")
class OtherSpellingsAreEmpty(Wrapper):
    """Asks for everything and keeps what bears exactly the spelling it was asked for."""

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        return await self.inner.fills(instrument, since_ns) if _unified(instrument) else []


@broken("INS-010", "multiplies-the-contract-size")
class ContractSizeTimesTen(Wrapper):
    """Lists instruments with ten times their contract size."""

    async def instruments(self) -> list[Instrument]:
        listed = await self.inner.instruments()
        return [structs.replace(one, contract_size=one.contract_size * 10) for one in listed]


@broken("CAN-010", "reverses-candles")
class ReversedCandles(Wrapper):
    """Turns the list of candles round once more than is right."""

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        return (await self.inner.candles(instrument, interval, since_ns, limit))[::-1]


@broken("CAN-010", "leaves-out-an-hour")
class HourLeftOut(Wrapper):
    """Leaves one candle out of the middle of a list of hours."""

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        candles = await self.inner.candles(instrument, interval, since_ns, limit)
        return candles if interval != "1h" else candles[:2] + candles[3:]


@broken("CAN-020", "closes-the-running-candle")
class RunningCandleClosed(Wrapper):
    """Marks every candle of a minute as closed."""

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        candles = await self.inner.candles(instrument, interval, since_ns, limit)
        return [structs.replace(candle, closed=candle.closed or interval == "1m") for candle in candles]


@broken("CAN-030", "replaces-unknown-intervals")
class UnknownIntervalIsAMinute(Wrapper):
    """Gives candles of one minute when the venue does not have the interval."""

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        try:
            return await self.inner.candles(instrument, interval, since_ns, limit)
        except AdapterError:
            return await self.inner.candles(instrument, "1m", since_ns, limit)


@broken("BOK-010", "lists-the-worst-price-first")
class WorstFirst(Wrapper):
    """Lists the bids of a snapshot in ascending order."""

    async def book(self, instrument: str, depth: int) -> Book:
        book = await self.inner.book(instrument, depth)
        return structs.replace(book, bids=book.bids[::-1])


class TrustingBook(BookBuilder):
    """Applies every change, whatever came before it."""

    def _connects(self, change: BookChange) -> bool:
        return True


ignores_book_gaps = exchanged(
    "BOK-020", "ignores-book-gaps", "Applies changes of a book without looking for missing ones.", book=TrustingBook
)


@broken("MKT-010", "swaps-bid-and-ask")
class SwappedSides(Wrapper):
    """Takes the bid for the ask in tickers, and the other way round."""

    async def ticker(self, instrument: str) -> Ticker:
        ticker = await self.inner.ticker(instrument)
        return structs.replace(ticker, bid=ticker.ask, ask=ticker.bid)


@broken("MKT-010", "leaves-the-last-price-out")
class NoLastPrice(Wrapper):
    """Answers tickers without the last price."""

    async def ticker(self, instrument: str) -> Ticker:
        return structs.replace(await self.inner.ticker(instrument), last=None)


@broken("MKT-020", "makes-missing-figures-zero")
class MissingIsZero(Wrapper):
    """Fills in zero for a figure that could not be fetched."""

    async def ticker(self, instrument: str) -> Ticker:
        ticker = await self.inner.ticker(instrument)
        return structs.replace(ticker, funding_rate=ticker.funding_rate or Decimal(0))


@broken("MKT-030", "fetches-one-figure-after-the-other")
class OneAfterTheOther(Wrapper):
    """Waits for each side figure before it asks for the next."""

    async def ticker(self, instrument: str) -> Ticker:
        ticker = await self.inner.ticker(instrument)
        funding = await self.inner.funding(instrument)
        interest = await self.inner.open_interest(instrument)
        return structs.replace(ticker, funding_rate=funding.rate, open_interest=interest.amount)


@broken("MKT-040", "tells-the-funding-rate-in-percent")
class FundingInPercent(Wrapper):
    """Tells the funding rate in percent."""

    async def funding(self, instrument: str) -> Funding:
        funding = await self.inner.funding(instrument)
        return structs.replace(funding, rate=funding.rate * 100)


@broken("MKT-050", "tells-open-interest-in-money")
class InterestInMoney(Wrapper):
    """Tells open interest in money."""

    async def open_interest(self, instrument: str) -> OpenInterest:
        interest = await self.inner.open_interest(instrument)
        last = (await self.inner.ticker(instrument)).last or Decimal(0)
        return structs.replace(interest, amount=interest.amount * last)


@broken("MKT-060", "takes-the-makers-side")
class MakersSide(Wrapper):
    """Tells public trades with the side of the maker."""

    async def trades(self, instrument: str) -> list[Trade]:
        trades = await self.inner.trades(instrument)
        return [structs.replace(one, side=Side.SELL if one.side is Side.BUY else Side.BUY) for one in trades]


@broken("MKT-060", "lists-the-newest-trade-first")
class NewestTradeFirst(Wrapper):
    """Lists public trades newest first."""

    async def trades(self, instrument: str) -> list[Trade]:
        return (await self.inner.trades(instrument))[::-1]

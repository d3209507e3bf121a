"""The market of an option: its base price is what `options` says at the index price of its underlying.

It follows the first contract on its underlying that is no option, rather one with the same money. The time that is left
counts in whole hours, so that the price stands still while nothing happens and goes down once an hour. Nobody has
traded it before the run began.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.book import Level
from venueproof_simulators.engine.history import Past
from venueproof_simulators.engine.instruments import Instrument, OptionTerms
from venueproof_simulators.engine.ledger import Ledger
from venueproof_simulators.engine.market import Market, steps_of
from venueproof_simulators.engine.option_worth import OptionWorth
from venueproof_simulators.engine.options import Greeks, Terms, greeks, implied, price, smile, years

HOUR_NS = 3600 * 10**9


class OptionState(Struct, frozen=True):
    """An option as it stands. Prices of it are in its settle asset for one of its underlying."""

    instrument: str
    underlying_price: Decimal
    mark_price: Decimal
    """By the model, not rounded to ticks and without what commands have added."""
    volatility: Decimal
    """Of the mark price: 0.6 for 60 % a year."""
    bid_volatility: Decimal
    """Of the best prices in the book; 0 where there is none or no volatility explains it."""
    ask_volatility: Decimal
    greeks: Greeks


class OptionMarket(Market):
    """The state of one option."""

    def __init__(
        self, instrument: Instrument, terms: OptionTerms, reference: Market, ledger: Ledger, seed: int, now_ns: int
    ) -> None:
        self.reference = reference
        self._terms, self._seed = terms, seed
        steps = steps_of(instrument, self._model_price(instrument, now_ns))
        self.option_worth = OptionWorth(instrument, terms, steps * instrument.tick_step, reference.index_price)
        past = Past(instrument.underlying, seed)
        super().__init__(instrument, ledger, reference.base_price, past, seed, now_ns, steps, self.option_worth)

    def _at(self, instrument: Instrument, now_ns: int) -> Terms:
        left = years(now_ns // HOUR_NS * HOUR_NS, instrument.expiry_ns)
        return Terms(self.reference.index_price, self._terms.strike, left, self._terms.call)

    def _model_price(self, instrument: Instrument, now_ns: int) -> Decimal:
        terms = self._at(instrument, now_ns)
        return self._settled(instrument, price(terms, smile(instrument.underlying, self._seed, terms)), terms.forward)

    @staticmethod
    def _settled(instrument: Instrument, worth: Decimal, forward: Decimal) -> Decimal:
        """Money of the underlying's price in the settle asset."""
        return worth / forward if instrument.settle == instrument.base else worth

    def path(self, now_ns: int) -> int:
        """What the model says, in ticks."""
        return steps_of(self.instrument, self._model_price(self.instrument, now_ns)) * self.instrument.tick_step

    def delivery_nano_ticks(self) -> int:
        """Its intrinsic value now, in billionths of a tick."""
        return self.option_worth.intrinsic_nano_ticks(self.instrument.tick, self.reference.index_price)

    def option(self, now_ns: int) -> OptionState:
        """What the model says, and what the book does."""
        terms = self._at(self.instrument, now_ns)
        volatility = smile(self.instrument.underlying, self._seed, terms)
        bid, ask = (self._volatility(terms, half.best()) for half in (self.bids, self.asks))
        mark = self._settled(self.instrument, price(terms, volatility), terms.forward)
        return OptionState(self.instrument.name, terms.forward, mark, volatility, bid, ask, greeks(terms, volatility))

    def _volatility(self, terms: Terms, level: Level | None) -> Decimal:
        if level is None:
            return Decimal(0)
        paid = self.instrument.tick * level.ticks
        return implied(terms, paid * terms.forward if self.instrument.settle == self.instrument.base else paid)

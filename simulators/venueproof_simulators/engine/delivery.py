"""Instruments that come and go, and money that is settled without a trade: listing, expiry, sessions.

At expiry orders and waiting conditional orders end, every position (those of counterparties too) is closed at the
delivery price, and what the closing atoms of all sides do not make up for is the rounding account's.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from venueproof_simulators.engine.commands import Deliver, List, SettleSession
from venueproof_simulators.engine.conditional_state import ConditionalStatus
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Delivered,
    Listed,
    PositionChanged,
)
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.following import start_hours
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.ledger import ROUNDING, Holding
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.matching import end
from venueproof_simulators.engine.payments import book_accrued, book_all
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, OrderStatus
from venueproof_simulators.engine.triggers import end_waiting

EXPIRED = Refusal.INSTRUMENT_EXPIRED.value
"""Why the orders of an instrument end that is delivered."""


def schedule(floor: Floor, instrument: Instrument) -> None:
    """Let a dated instrument be delivered when its time comes."""
    if instrument.expiry_ns:
        floor.due.add(instrument.expiry_ns, partial(_expire, floor, instrument.name))


def list_instrument(floor: Floor, command: List) -> None:
    """Take in a new instrument. Raises `ValueError` for a name or symbol in use."""
    instrument = command.instrument
    if not instrument.listed_ns:
        instrument = replace(instrument, listed_ns=floor.now_ns)
    floor.enlist(instrument)
    schedule(floor, instrument)
    if not floor.hours:
        start_hours(floor)
    floor.events.append(Listed(instrument))


def _expire(floor: Floor, name: str) -> None:
    market = floor.market(name)
    if market is not None and not market.delivered:
        _deliver(floor, market, market.delivery_nano_ticks())


def deliver(floor: Floor, command: Deliver) -> None:
    """Let an instrument expire now."""
    market = floor.market(command.instrument)
    if market is None or market.delivered:
        refusal = Refusal.UNKNOWN_INSTRUMENT if market is None else Refusal.INSTRUMENT_EXPIRED
        floor.refuse("", command.instrument, "", refusal)
        return
    _deliver(floor, market, command.nano_ticks or market.delivery_nano_ticks())


def _deliver(floor: Floor, market: Market, nano_ticks: int) -> None:
    floor.touch(market)
    for conditional in list(market.waiting):
        if conditional in market.waiting:
            end_waiting(floor, market, conditional, ConditionalStatus.EXPIRED, EXPIRED)
    for order in list(market.orders.values()):
        if order.open_lots:
            end(floor, market, order, OrderStatus.EXPIRED, EXPIRED)
    if market.continuous:
        book_all(floor, market)
    market.close(nano_ticks)
    name, broken = market.instrument.name, 0
    floor.events.append(Delivered(name, nano_ticks))
    for account in floor.ledger.values():
        holding = account.holdings.get(name)
        for leg in holding.legs if holding else ():
            if holding is not None and leg.lots:
                broken += _settle(floor, holding, leg, nano_ticks)
    wallets = floor.ledger[ROUNDING].wallets
    wallets[market.instrument.settle] = wallets.get(market.instrument.settle, 0) - broken
    floor.shake(market)


def _settle(floor: Floor, holding: Holding, leg: Leg, nano_ticks: int) -> int:
    """Close a position at the delivery price; returns the atoms that came out of nothing, negative: that went there."""
    account, instrument, worth = holding.account, holding.instrument, holding.worth
    lots, gains, asset = leg.lots, leg.gains, instrument.settle
    atoms = worth.fine_atoms(nano_ticks, abs(lots))
    change = worth.moved(lots, leg.trade(-lots, 0, atoms, 0), atoms)
    account.wallets[asset] += change
    leg.updated_ns = floor.now_ns
    holding.forget()
    if account.user:
        fee = floor.ledger.charge(account, asset, *worth.delivery_fee(atoms, lots))
        wallet = account.wallet(asset, floor.now_ns)
        floor.events += (
            BalanceChanged(wallet, change - fee, BalanceCause.DELIVERY, instrument.name),
            PositionChanged(holding.position(leg)),
        )
    return gains * atoms


def settle_session(floor: Floor, command: SettleSession) -> None:
    """Move the unrealized profit of all users' positions into their wallets."""
    if command.instrument and floor.market(command.instrument) is None:
        floor.refuse("", command.instrument, "", Refusal.UNKNOWN_INSTRUMENT)
        return
    for account in floor.ledger.users():
        for name, holding in account.holdings.items():
            if command.instrument in ("", name) and not holding.worth.premium:
                for leg in holding.legs:
                    if floor.markets[name].continuous:
                        book_accrued(floor, floor.markets[name], holding, leg)
                    _settle_leg(floor, holding, leg)


def _settle_leg(floor: Floor, holding: Holding, leg: Leg) -> None:
    change, asset = leg.unrealized_atoms() if leg.lots else 0, holding.instrument.settle
    if not change:
        return
    holding.account.wallets[asset] += change
    leg.settle(change)
    if holding.margin_mode is MarginMode.ISOLATED:
        leg.isolated_atoms += change
    leg.updated_ns = floor.now_ns
    holding.forget()
    wallet = holding.account.wallet(asset, floor.now_ns)
    floor.events += (
        BalanceChanged(wallet, change, BalanceCause.SETTLEMENT, holding.instrument.name),
        PositionChanged(holding.position(leg)),
    )

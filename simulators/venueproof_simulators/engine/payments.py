"""Money that moves without a trade: funding between positions, margin into and out of isolated positions."""

from __future__ import annotations

from venueproof_simulators.engine.commands import MoveMargin, PayFunding, SetFundingRate, SettleFunding
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, MarginMoved, PositionChanged
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.ledger import FUNDING, Holding
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.margin import free_atoms, removable_atoms
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode
from venueproof_simulators.engine.worth import NANO

_ISOLATED = MarginMode.ISOLATED


def pay_funding(floor: Floor, command: PayFunding) -> None:
    """Let all users' positions pay or receive at the mark price; the funding account is on the other side.

    Who pays pays the broken atom, who receives goes without it. An isolated position pays from its own margin.
    """
    market = floor.market(command.instrument)
    if market is None:
        floor.refuse("", command.instrument, "", Refusal.UNKNOWN_INSTRUMENT)
        return
    for account in floor.ledger.users():
        holding = account.holdings.get(command.instrument)
        for leg in holding.legs if holding else ():
            if holding is not None and leg.lots:
                _pay(floor, holding, leg, command.rate_ppb)
    floor.shake(market)


def _pay(floor: Floor, holding: Holding, leg: Leg, rate_ppb: int) -> None:
    """One position's payment."""
    worth = holding.worth
    change = -leg.lots * worth.lot_value * worth.numerator * rate_ppb // (worth.denominator * NANO)
    if change:
        _transfer(floor, holding, leg, change)


def _transfer(floor: Floor, holding: Holding, leg: Leg, change: int) -> None:
    """Let funding pay a position, or take from it."""
    account, asset = holding.account, holding.instrument.settle
    account.wallets[asset] += change
    funds = floor.ledger[FUNDING].wallets
    funds[asset] = funds.get(asset, 0) - change
    isolated = holding.margin_mode is _ISOLATED
    if isolated:
        leg.isolated_atoms += change
    holding.forget()
    wallet = account.wallet(asset, floor.now_ns)
    floor.events.append(BalanceChanged(wallet, change, BalanceCause.FUNDING, holding.instrument.name))
    if isolated:
        floor.events.append(PositionChanged(holding.position(leg)))


def _due(market: Market, leg: Leg, accrued: int) -> tuple[int, int]:
    """Whole atoms that continuous funding owes a position (negative: that it owes), and the parts that are left."""
    worth = market.worth
    parts = leg.funding_rest - leg.lots * (accrued - leg.funded) * worth.numerator
    return divmod(parts, worth.denominator * NANO * market.instrument.funding_interval_ns)


def accrued_atoms(market: Market, leg: Leg, now_ns: int) -> int:
    """What continuous funding has accrued since it was last paid, negative when it is owed; rounded down."""
    return _due(market, leg, market.accrued_at(now_ns))[0] if market.continuous and leg.lots else 0


def book_accrued(floor: Floor, market: Market, holding: Holding, leg: Leg) -> None:
    """Pay what continuous funding has accrued on a position, to the whole atom; the rest is kept for the next time, so
    that it comes to the same however often it is paid.
    """
    market.accrue(floor.now_ns)
    change, leg.funding_rest = _due(market, leg, market.accrued)
    leg.funded = market.accrued
    if change:
        _transfer(floor, holding, leg, change)


def settle_funding(floor: Floor, command: SettleFunding) -> None:
    """Pay what continuous funding has accrued on every user's position."""
    market = _continuous(floor, command.instrument)
    if market is not None:
        book_all(floor, market)
        floor.shake(market)


def book_all(floor: Floor, market: Market) -> None:
    """The same for all users."""
    for account in floor.ledger.users():
        holding = account.holdings.get(market.instrument.name)
        for leg in holding.legs if holding else ():
            if holding is not None and leg.lots:
                book_accrued(floor, market, holding, leg)


def set_funding_rate(floor: Floor, command: SetFundingRate) -> None:
    """Let funding accrue at another rate from now on."""
    market = _continuous(floor, command.instrument)
    if market is not None:
        market.accrue(floor.now_ns)
        market.funding_rate_ppb = command.rate_ppb


def _continuous(floor: Floor, name: str) -> Market | None:
    """The market of an instrument; tells of the refusal when there is none or its funding is not continuous."""
    market = floor.market(name)
    if market is None or not market.continuous:
        floor.refuse("", name, "", Refusal.UNKNOWN_INSTRUMENT if market is None else Refusal.NOT_ALLOWED)
        return None
    return market


def move_margin(floor: Floor, command: MoveMargin) -> None:
    """Move free money into an isolated position, or out of it what it does not need."""
    account = floor.ledger[command.account]
    market = floor.market(command.instrument)
    if market is None:
        floor.refuse(account.name, command.instrument, "", Refusal.UNKNOWN_INSTRUMENT)
        return
    holding = account.hold(market.instrument, market.worth)
    leg = holding.leg(command.side)
    refusal = _check_move(holding, leg, command.atoms)
    if refusal is not None or leg is None:
        floor.refuse(account.name, command.instrument, "", refusal or Refusal.POSITION_SIDE)
        return
    leg.isolated_atoms += command.atoms
    tell_moved(floor, holding, leg, command.atoms)


def tell_moved(floor: Floor, holding: Holding, leg: Leg, atoms: int) -> None:
    """Note and tell that the margin of an isolated position is more, or less, by so much now."""
    account, instrument = holding.account, holding.instrument
    leg.updated_ns = floor.now_ns
    holding.forget()
    wallet = account.wallet(instrument.settle, floor.now_ns)
    floor.events += (
        BalanceChanged(wallet, 0, BalanceCause.MARGIN, instrument.name),
        MarginMoved(account.name, instrument.name, atoms, holding.position(leg)),
    )


def _check_move(holding: Holding, leg: Leg | None, atoms: int) -> Refusal | None:
    if leg is None:
        return Refusal.POSITION_SIDE
    if holding.margin_mode is not _ISOLATED:
        return Refusal.NOT_ISOLATED
    if not leg.lots:
        return Refusal.NO_POSITION
    most = free_atoms(holding.account, holding.instrument.settle) if atoms > 0 else removable_atoms(holding, leg)
    return Refusal.MARGIN_AMOUNT if not atoms or abs(atoms) > most else None

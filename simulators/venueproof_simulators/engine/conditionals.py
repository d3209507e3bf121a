"""What users can do with conditional orders, and how one that has fired becomes an order.

A conditional order is checked when it comes in like the order it will become, but for its margin; that, and everything
else, is checked again when it fires, by the ordinary way in.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from venueproof_simulators.engine.checks import check_amount, check_notional, check_price, check_side
from venueproof_simulators.engine.commands import (
    AmendConditional,
    CancelAllConditional,
    CancelConditional,
    ExpireConditional,
    HoldTriggers,
    Place,
    PlaceConditional,
    TriggerConditional,
)
from venueproof_simulators.engine.conditional_state import ConditionalStatus, TriggerKind
from venueproof_simulators.engine.events import ConditionalCause, ConditionalChanged
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.groups import ONE_CANCELS_OTHER
from venueproof_simulators.engine.ledger import Holding
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.matching import open_order
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, OrderOrigin
from venueproof_simulators.engine.trading import at_once, enter, place, planned_refusal, verdict
from venueproof_simulators.engine.triggers import (
    POSITION_CLOSED,
    Conditional,
    end_waiting,
    fire,
    fires,
    watched_ticks,
)
from venueproof_simulators.engine.worth import PPM

_LIMIT = OrderKind.LIMIT
_TRAILING = TriggerKind.TRAILING
_WAITING = ConditionalStatus.WAITING
_CANCELED = ConditionalStatus.CANCELED


def place_conditional(floor: Floor, command: PlaceConditional) -> None:
    """Take in a conditional order; a trailing one without activation price follows from now on."""
    account = floor.ledger[command.account]
    market = floor.market(command.instrument)
    if market is None:
        floor.refuse(account.name, command.instrument, command.client_id, Refusal.UNKNOWN_INSTRUMENT)
        return
    holding = account.hold(market.instrument, market.worth)
    refusal = _duplicate(floor, command)
    if refusal is None and not command.verdict_delay_ns:
        refusal = planned_refusal(floor, account.name) or _check(floor, market, holding, command)
    if refusal is not None:
        floor.refuse(account.name, command.instrument, command.client_id, refusal)
        return
    conditional = floor.conditionals.add(market, holding, command, floor.now_ns)
    give_up = partial(end_waiting, floor, market, conditional, _CANCELED, ONE_CANCELS_OTHER)
    floor.groups.join(command, conditional, give_up)
    if command.verdict_delay_ns:
        floor.events.append(ConditionalChanged(conditional.state(), ConditionalCause.ACKNOWLEDGED))
        floor.due.add(floor.now_ns + command.verdict_delay_ns, partial(_decide, floor, market, conditional))
    else:
        conditional.begin(watched_ticks(market, command.watches))
        floor.events.append(ConditionalChanged(conditional.state(), ConditionalCause.OPENED))
        _fire_at_once(floor, market, conditional)


def _fire_at_once(floor: Floor, market: Market, conditional: Conditional) -> None:
    """Fire one that was let in, or changed, though its price is there already."""
    command = conditional.command
    if command.fires_at_once and fires(market, conditional, watched_ticks(market, command.watches)):
        fire(floor, market, conditional)


def _decide(floor: Floor, market: Market, conditional: Conditional) -> None:
    """The verdict on an acknowledged one, unless it ended before."""
    if conditional not in floor.conditionals.pending:
        return
    command = conditional.command
    refusal = planned_refusal(floor, command.account) or _check(floor, market, conditional.holding, command)
    if refusal is None:
        floor.conditionals.wait(market, conditional)
        conditional.begin(watched_ticks(market, command.watches))
        floor.events.append(conditional.to(_WAITING, floor.now_ns))
        _fire_at_once(floor, market, conditional)
        return
    del floor.conditionals.pending[conditional]
    floor.groups.leave(command, conditional)
    floor.refuse(command.account, command.instrument, command.client_id, refusal, conditional.conditional_id)
    floor.events.append(conditional.to(ConditionalStatus.REJECTED, floor.now_ns, refusal))


def _duplicate(floor: Floor, command: PlaceConditional) -> Refusal | None:
    """Whether its client id is that of another one of the account that waits or is to wait."""
    taken = (other.command.client_id for other in _open(floor, command.account))
    return Refusal.DUPLICATE_CLIENT_ID if command.client_id and command.client_id in taken else None


def _open(floor: Floor, account: str) -> list[Conditional]:
    """Those of an account that wait, oldest first, then those that are to."""
    pending = [one for one in floor.conditionals.pending if one.command.account == account]
    return [*floor.conditionals.waiting(account), *pending]


def _check(floor: Floor, market: Market, holding: Holding, command: PlaceConditional) -> Refusal | None:
    """Why one may not come in; None when it may. The first check that objects decides."""
    if market.delivered:
        return Refusal.INSTRUMENT_EXPIRED
    ticks = watched_ticks(market, command.watches)
    check_trigger = _check_trailing if command.trigger is _TRAILING else _check_price_trigger
    return (
        _check_others(floor, market, command)
        or check_side(holding, command.position_side)
        or _check_amounts(market, command, ticks)
        or check_trigger(market, command, ticks)
    )


def _check_others(floor: Floor, market: Market, command: PlaceConditional) -> Refusal | None:
    """Against the others of the account that wait."""
    for other in floor.conditionals.waiting(command.account):
        if command.close_position and _closes_alike(other.command, command):
            return Refusal.CLOSE_POSITION_EXISTS
    if floor.conditionals.waiting_count(command.account) >= market.instrument.conditionals_max:
        return Refusal.TOO_MANY_CONDITIONALS
    return None


def _closes_alike(one: PlaceConditional, other: PlaceConditional) -> bool:
    return one.close_position and all(
        getattr(one, name) == getattr(other, name) for name in ("instrument", "trigger", "side", "position_side")
    )


def _check_amounts(market: Market, command: PlaceConditional, ticks: int) -> Refusal | None:
    """Amount, limit price and notional, at the limit or trigger price, or else at the watched one."""
    instrument, limit = market.instrument, command.kind is _LIMIT
    if command.close_position:
        return None
    worst = (command.ticks if limit else 0) or command.trigger_ticks or command.activation_ticks or ticks
    return (
        check_amount(instrument, command.lots, instrument.lots_max if limit else instrument.market_lots_max)
        or (check_price(instrument, command.ticks) if limit and not command.level else None)
        or (None if command.notional_exempt else check_notional(market, market.worth.value(worst, command.lots)))
    )


def _check_price_trigger(market: Market, command: PlaceConditional, ticks: int) -> Refusal | None:
    if command.trigger_ticks <= 0:
        return Refusal.TRIGGER_PRICE
    above = (command.side.sign > 0) is (command.trigger is TriggerKind.STOP)
    there = ticks >= command.trigger_ticks if above else ticks <= command.trigger_ticks
    return Refusal.WOULD_TRIGGER if there and not command.fires_at_once else None


def _check_trailing(market: Market, command: PlaceConditional, ticks: int) -> Refusal | None:
    """A buy activates below the watched price, a sell above it."""
    activation = command.activation_ticks
    if not _callback_fits(market, command, ticks):
        return Refusal.CALLBACK
    if activation < 0 or (activation and (activation - ticks) * command.side.sign >= 0):
        return Refusal.TRIGGER_PRICE
    return None


def _callback_fits(market: Market, command: PlaceConditional, ticks: int) -> bool:
    """Whether there is one callback, in range; a distance leaves a sell a price above 0."""
    instrument, distance = market.instrument, command.callback_ticks
    if distance:
        return not command.callback_ppm and distance > 0 and (command.side.sign > 0 or distance < ticks)
    return instrument.callback_ppm_min <= command.callback_ppm <= instrument.callback_ppm_max


def amend_conditional(floor: Floor, command: AmendConditional) -> None:
    """Change one that waits, now or when the verdict is due."""
    account = floor.ledger[command.account]
    conditional = _find(floor, account.name, command)
    if conditional is None:
        floor.refuse(account.name, command.instrument, "", Refusal.UNKNOWN_ORDER, command.conditional_id)
        return
    if command.verdict_delay_ns:
        floor.due.add(floor.now_ns + command.verdict_delay_ns, partial(amend_conditional, floor, at_once(command)))
        return
    market, amended = floor.markets[command.instrument], _amended(conditional.command, command)
    ticks = watched_ticks(market, amended.watches)
    refusal = _check_amended(market, conditional, command, amended, ticks)
    if refusal is not None:
        client_id, number = conditional.command.client_id, conditional.conditional_id
        floor.refuse(account.name, command.instrument, client_id, refusal, number)
    else:
        floor.events.append(conditional.amend(amended, ticks, floor.now_ns, anew=_begins_anew(command)))
        _fire_at_once(floor, market, conditional)


def _given(command: AmendConditional) -> dict[str, object]:
    """What an amendment changes: by the names of `PlaceConditional`."""
    names = ("trigger_ticks", "ticks", "lots", "watches", "activation_ticks", "callback_ppm", "callback_ticks")
    return {name: value for name in names if (value := getattr(command, name)) is not None}


def _amended(terms: PlaceConditional, command: AmendConditional) -> PlaceConditional:
    """The terms after an amendment; a callback of one kind takes the place of the other."""
    given = _given(command)
    if "callback_ppm" in given or "callback_ticks" in given:
        given = {"callback_ppm": 0, "callback_ticks": 0} | given
    return replace(terms, **given)


def _begins_anew(command: AmendConditional) -> bool:
    """Whether a trailing order gives up what it has followed so far."""
    return not _given(command).keys().isdisjoint({"callback_ppm", "callback_ticks", "activation_ticks"})


def _check_amended(
    market: Market, conditional: Conditional, command: AmendConditional, amended: PlaceConditional, ticks: int
) -> Refusal | None:
    """Why one may not be changed so. What stays as it is was checked before: the price may have passed it since."""
    trailing, anew = amended.trigger is _TRAILING, _begins_anew(command)
    if trailing and command.trigger_ticks is not None:
        return Refusal.TRIGGER_PRICE
    if anew and not trailing:
        return Refusal.CALLBACK
    if amended == conditional.command and not anew:
        return Refusal.NO_CHANGE
    refusal = _check_amounts(market, amended, ticks)
    if refusal is None and trailing and anew:
        refusal = _check_trailing(market, _unactivated(conditional, command, amended), ticks)
    elif refusal is None and not trailing and not (command.trigger_ticks is None and command.watches is None):
        refusal = _check_price_trigger(market, amended, ticks)
    return refusal


def _unactivated(conditional: Conditional, command: AmendConditional, amended: PlaceConditional) -> PlaceConditional:
    """The terms to check: without an activation price that was not given now and may have been reached before."""
    return amended if command.activation_ticks is not None else replace(amended, activation_ticks=0)


def cancel_conditional(floor: Floor, command: CancelConditional) -> None:
    """End one that waits, now or when the verdict is due; none that has fired."""
    account = floor.ledger[command.account]
    conditional = _find(floor, account.name, command)
    if conditional is None:
        floor.refuse(account.name, command.instrument, "", Refusal.UNKNOWN_ORDER, command.conditional_id)
    elif command.verdict_delay_ns:
        floor.due.add(floor.now_ns + command.verdict_delay_ns, partial(cancel_conditional, floor, at_once(command)))
    else:
        if command.keeps_others:
            floor.groups.leave(conditional.command, conditional)
        end_waiting(floor, floor.markets[command.instrument], conditional, _CANCELED)


def expire_conditional(floor: Floor, command: ExpireConditional) -> None:
    """End one that waits for a reason of the venue's."""
    conditional = _find(floor, "", command)
    if conditional is None:
        floor.refuse("", command.instrument, "", Refusal.UNKNOWN_ORDER, command.conditional_id)
    else:
        market = floor.markets[command.instrument]
        end_waiting(floor, market, conditional, ConditionalStatus.EXPIRED, command.reason)


def cancel_all_conditional(floor: Floor, command: CancelAllConditional) -> None:
    """End all that wait or are to wait of an account, oldest first, on one instrument or all."""
    account = floor.ledger[command.account]
    if command.instrument and command.instrument not in floor.instruments:
        floor.refuse(account.name, command.instrument, "", Refusal.UNKNOWN_INSTRUMENT)
        return
    for conditional in _open(floor, account.name):
        if command.instrument in ("", conditional.command.instrument):
            market = floor.markets[conditional.command.instrument]
            end_waiting(floor, market, conditional, _CANCELED)


def trigger_conditional(floor: Floor, command: TriggerConditional) -> None:
    """Fire one that waits, wherever its price is."""
    conditional = _find(floor, "", command)
    if conditional is None:
        floor.refuse("", command.instrument, "", Refusal.UNKNOWN_ORDER, command.conditional_id)
    else:
        fire(floor, floor.markets[command.instrument], conditional)


def _find(
    floor: Floor,
    account: str,
    command: AmendConditional | CancelConditional | ExpireConditional | TriggerConditional,
) -> Conditional | None:
    """One that waits, of one account or of any (empty); to be canceled, also one that is to wait."""
    conditional = floor.conditionals.by_id.get((command.instrument, command.conditional_id))
    if conditional is None:
        return None
    pending = conditional in floor.conditionals.pending and isinstance(command, CancelConditional)
    if conditional.status is not _WAITING and not pending:
        return None
    return conditional if account in ("", conditional.command.account) else None


def hold_triggers(floor: Floor, command: HoldTriggers) -> None:
    """Keep fired ones TRIGGERING from now on, or let them all go on."""
    register = floor.conditionals
    register.holding_back = command.on
    if not command.on:
        for conditional in register.held:
            floor.due.add(floor.now_ns, partial(_hand_over, floor, conditional))
        register.held.clear()


def schedule(floor: Floor) -> None:
    """Let each one that has fired become an order when its time comes, and what is attached to ended orders come in."""
    for one in floor.fired:
        if isinstance(one, Conditional):
            floor.due.add(floor.now_ns + one.command.handover_ns, partial(_hand_over, floor, one))
        else:
            for attached in one.terms.attached:
                floor.due.add(floor.now_ns, partial(_bring, floor, attached, one.filled_lots))
    floor.fired.clear()


def _bring(floor: Floor, attached: Place | PlaceConditional, filled_lots: int) -> None:
    """Place what was attached to an order of which so much was filled."""
    terms = replace(attached, lots=min(attached.lots, filled_lots))
    if isinstance(terms, Place):
        place(floor, terms)
    else:
        place_conditional(floor, terms)


def _hand_over(floor: Floor, conditional: Conditional) -> None:
    """Place the resulting order, unless it is held back or has nothing to close any more."""
    if floor.conditionals.holding_back:
        floor.conditionals.held.append(conditional)
        return
    market, holding = floor.markets[conditional.command.instrument], conditional.holding
    ticks = _limit_ticks(market, conditional.command)
    command = _resulting(conditional, ticks or 0)
    if command.lots == 0:
        floor.events.append(conditional.to(ConditionalStatus.EXPIRED, floor.now_ns, POSITION_CLOSED))
        return
    refusal = Refusal.NO_LIQUIDITY if ticks is None else verdict(floor, market, holding, command)
    if refusal is not None:
        _refuse(floor, conditional, refusal)
        return
    order = enter(floor, market, holding, command, OrderOrigin.TRIGGER, conditional.reserved_id)
    if conditional.reserved_id:
        order.created_ns = conditional.created_ns
    order.conditional = conditional
    order.tied = True
    conditional.order_id = order.order_id
    floor.events.append(conditional.to(ConditionalStatus.TRIGGERED, floor.now_ns))
    open_order(floor, market, order)


def _refuse(floor: Floor, conditional: Conditional, refusal: Refusal) -> None:
    """The resulting order was refused. One that may only reduce, and has nothing to reduce, expires."""
    rejected = refusal is not Refusal.REDUCE_ONLY
    status = ConditionalStatus.REJECTED if rejected else ConditionalStatus.EXPIRED
    floor.events.append(conditional.to(status, floor.now_ns, refusal))


def _limit_ticks(market: Market, command: PlaceConditional) -> int | None:
    """The price of the resulting order; None where it is to be that of a level and there is none."""
    sign = command.side.sign
    if command.worst_ppm:
        return _worst_ticks(market, sign, command.worst_ppm)
    if not command.level:
        return command.ticks
    levels = market.halves[-sign if command.level > 0 else sign].top(abs(command.level))
    return levels[-1][0] if levels else None


def _worst_ticks(market: Market, sign: int, ppm: int) -> int | None:
    """The price so far beyond the best one that an order of a sign meets, on the near side of it."""
    best, step = market.halves[-sign].best(), market.instrument.tick_step
    if best is None:
        return None
    return sign * (sign * best.ticks * (PPM + sign * ppm) // (PPM * step)) * step


def _resulting(conditional: Conditional, ticks: int) -> Place:
    """The order to place; of no lots when there is no position to close."""
    command, closing = conditional.command, conditional.command.close_position
    return Place(
        command.account,
        command.instrument,
        command.side,
        command.kind,
        conditional.closing_lots() if closing else command.lots,
        ticks,
        command.time_in_force,
        command.post_only,
        command.reduce_only or closing,
        command.position_side,
        command.client_id,
        unique_client_id=False,
        notional_exempt=command.notional_exempt or closing,
        self_trade=command.self_trade,
    )

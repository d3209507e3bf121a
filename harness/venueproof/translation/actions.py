"""What each action does to a simulator: one table, found by the action's type.

An action without a translation is none of the powers of a simulator's bench.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from msgspec import Struct

from venueproof_contracts import actions
from venueproof_contracts.actions import Action, ActionResult, action_name
from venueproof_contracts.errors import Reason
from venueproof_simulators.engine import commands, events, state
from venueproof_simulators.engine.engine import UnknownInstrumentError
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.host import controls as levers
from venueproof_simulators.host import rules
from venueproof_simulators.host.clock import Clock
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.venue import IdKind

from . import messages, placing, values

DONE = ActionResult()


class Hands(Struct, frozen=True):
    """What translations work with.

    `step_wall` steps the adapter's wall clock by ns; None in real time, where that clock is not ours. `passes_time` is
    True where waiting costs nothing, so that `advance` is a wait and not only an ageing.
    """

    controls: Controls
    clock: Clock
    step_wall: Callable[[int], None] | None
    passes_time: bool

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a unified symbol. Raises `LookupError` when the venue has none."""
        engine = self.controls.venue.engine
        try:
            return engine.by_symbol(symbol)
        except UnknownInstrumentError:
            known = ", ".join(one.symbol for one in engine.instruments.values())
            raise LookupError(f"no instrument {symbol!r}; there are {known}") from None

    def live_order(self, symbol: str, order_id: str) -> tuple[Instrument, int]:
        """The instrument and the engine's id of an order of the account. Raises `LookupError` when there is none."""
        instrument, venue = self.instrument(symbol), self.controls.venue
        for order in venue.engine.live_orders(venue.account, instrument.name):
            if venue.spelled_id(IdKind.ORDER, instrument.name, order.order_id) == order_id:
                return instrument, order.order_id
        raise LookupError(f"no live order {order_id!r} on {symbol}")

    def waiting_order(self, symbol: str, order_id: str) -> tuple[Instrument, int]:
        """The same of a conditional order that waits. Raises `LookupError` when there is none."""
        instrument, venue = self.instrument(symbol), self.controls.venue
        for one in venue.engine.waiting(venue.account, instrument.name):
            if venue.spelled_id(IdKind.CONDITIONAL, instrument.name, one.conditional_id) == order_id:
                return instrument, one.conditional_id
        raise LookupError(f"no conditional order {order_id!r} waits on {symbol}")


Kind = TypeVar("Kind", bound=Action)
Translation = Callable[[Hands, Any], Awaitable[ActionResult]]

TRANSLATIONS: dict[type[Action], Translation] = {}
"""Action → what it does."""


def translates(
    kind: type[Kind],
) -> Callable[[Callable[[Hands, Kind], ActionResult]], Callable[[Hands, Kind], ActionResult]]:
    """Enter a function into the table."""

    def enter(function: Callable[[Hands, Kind], ActionResult]) -> Callable[[Hands, Kind], ActionResult]:
        async def translation(hands: Hands, action: Kind) -> ActionResult:
            return function(hands, action)

        TRANSLATIONS[kind] = translation
        return function

    return enter


def powers(hands: Hands) -> frozenset[str]:
    """Names of the actions that these hands can do."""
    able = {kind for kind in TRANSLATIONS if kind is not actions.StepAdapterClock or hands.step_wall is not None}
    return frozenset(action_name(kind) for kind in able)


async def carry_out(hands: Hands, action: Action) -> ActionResult:
    """Do it. Raises `LookupError` when it names something that does not exist, ValueError for a value off its step."""
    if action_name(action) not in powers(hands):
        raise LookupError(f"this bench cannot {action_name(action)!r}")
    return await TRANSLATIONS[type(action)](hands, action)


def _command(hands: Hands, command: commands.Command) -> list[events.Event]:
    """Tell the engine; a refusal of what an action asked for is the caller's mistake."""
    found = hands.controls.command(command)
    for event in found:
        if isinstance(event, events.Refused):
            raise LookupError(f"the venue refused {type(command).__name__}: {event.refusal.value}")
    return found


# --- the market ---------------------------------------------------------------------------------------------------


@translates(actions.SetPrice)
def _set_price(hands: Hands, action: actions.SetPrice) -> ActionResult:
    instrument = hands.instrument(action.instrument)
    _command(hands, commands.SetPrice(instrument.name, values.to_ticks(instrument, action.price)))
    return DONE


@translates(actions.Drift)
def _drift(hands: Hands, action: actions.Drift) -> ActionResult:
    instrument = hands.instrument(action.instrument)
    ticks = values.to_ticks(instrument, action.price)
    _command(hands, commands.SetPrice(instrument.name, ticks, over_ns=values.to_ns(action.over_s)))
    return DONE


@translates(actions.Gap)
def _gap(hands: Hands, action: actions.Gap) -> ActionResult:
    instrument = hands.instrument(action.instrument)
    _command(hands, commands.SetPrice(instrument.name, values.to_ticks(instrument, action.price), gap=True))
    return DONE


@translates(actions.PrintTrade)
def _print_trade(hands: Hands, action: actions.PrintTrade) -> ActionResult:
    instrument = hands.instrument(action.instrument)
    ticks, lots = values.to_ticks(instrument, action.price), values.to_lots(instrument, action.amount)
    _command(hands, commands.PrintTrade(instrument.name, ticks, lots, state.Side(action.side.value)))
    return DONE


@translates(actions.AddLiquidity)
def _add_liquidity(hands: Hands, action: actions.AddLiquidity) -> ActionResult:
    instrument = hands.instrument(action.instrument)
    ticks, lots = values.to_ticks(instrument, action.price), values.to_lots(instrument, action.amount)
    _command(hands, commands.AddLiquidity(instrument.name, state.Side(action.side.value), ticks, lots))
    return DONE


@translates(actions.SetMark)
def _set_mark(hands: Hands, action: actions.SetMark) -> ActionResult:
    instrument = hands.instrument(action.instrument)
    index = 0 if action.index is None else values.to_ticks(instrument, action.index)
    _command(hands, commands.SetMark(instrument.name, values.to_ticks(instrument, action.price), index))
    return DONE


@translates(actions.PayFunding)
def _pay_funding(hands: Hands, action: actions.PayFunding) -> ActionResult:
    instrument = hands.instrument(action.instrument)
    _command(hands, commands.PayFunding(instrument.name, values.to_ppb(action.rate)))
    return DONE


# --- orders -------------------------------------------------------------------------------------------------------

PLACEMENT_REFUSALS: dict[Reason, Refusal] = {
    Reason.INSUFFICIENT_MARGIN: Refusal.INSUFFICIENT_MARGIN,
    Reason.BELOW_MINIMUM: Refusal.AMOUNT_TOO_SMALL,
    Reason.ABOVE_MAXIMUM: Refusal.AMOUNT_TOO_LARGE,
    Reason.PRECISION: Refusal.AMOUNT_OFF_STEP,
    Reason.PRICE_BAND: Refusal.PRICE_OUT_OF_BAND,
    Reason.UNKNOWN_INSTRUMENT: Refusal.UNKNOWN_INSTRUMENT,
    Reason.DUPLICATE_ID: Refusal.DUPLICATE_CLIENT_ID,
    Reason.WOULD_CROSS: Refusal.WOULD_CROSS,
    Reason.NOT_FILLABLE: Refusal.NOT_FILLABLE,
    Reason.REDUCE_ONLY: Refusal.REDUCE_ONLY,
    Reason.TOO_MANY_ORDERS: Refusal.TOO_MANY_ORDERS,
    Reason.POSITION_SIDE: Refusal.POSITION_SIDE,
    Reason.NOT_ALLOWED: Refusal.NOT_ALLOWED,
}
"""The engine's refusal of a placement for each neutral reason, so that batches and sockets carry it as the venue would.
Other reasons become a message rule."""


@translates(actions.FillOrder)
def _fill(hands: Hands, action: actions.FillOrder) -> ActionResult:
    instrument, order_id = hands.live_order(action.instrument, action.order_id)
    _command(hands, commands.FillOrder(instrument.name, order_id))
    return DONE


@translates(actions.PartlyFill)
def _partly_fill(hands: Hands, action: actions.PartlyFill) -> ActionResult:
    instrument, order_id = hands.live_order(action.instrument, action.order_id)
    _command(hands, commands.FillOrder(instrument.name, order_id, values.to_lots(instrument, action.amount)))
    return DONE


@translates(actions.RejectOrders)
def _reject(hands: Hands, action: actions.RejectOrders) -> ActionResult:
    refusal = PLACEMENT_REFUSALS.get(action.reason)
    if refusal is None:
        return ActionResult(rule_id=hands.controls.add_rule(messages.reject_rule(action)))
    hands.controls.venue.error_reply(action.reason.value, "", None, hands.controls.time())  # raises where it has none
    _command(hands, commands.RefuseOrders(hands.controls.venue.account, refusal.value, action.first))
    return DONE


@translates(actions.ExpireOrder)
def _expire(hands: Hands, action: actions.ExpireOrder) -> ActionResult:
    instrument, order_id = hands.live_order(action.instrument, action.order_id)
    _command(hands, commands.ExpireOrder(instrument.name, order_id, "expired by the venue"))
    return DONE


@translates(actions.TriggerOrder)
def _trigger(hands: Hands, action: actions.TriggerOrder) -> ActionResult:
    instrument, conditional_id = hands.waiting_order(action.instrument, action.order_id)
    _command(hands, commands.TriggerConditional(instrument.name, conditional_id))
    return DONE


@translates(actions.HoldTriggers)
def _hold_triggers(hands: Hands, action: actions.HoldTriggers) -> ActionResult:
    _command(hands, commands.HoldTriggers(action.on))
    return DONE


# --- the account --------------------------------------------------------------------------------------------------


@translates(actions.NewAccount)
def _new_account(hands: Hands, action: actions.NewAccount) -> ActionResult:
    credentials = hands.controls.venue.open_account(action.name, hands.controls.time())
    return ActionResult(credentials=dict(credentials))


@translates(actions.ActAsOtherClient)
def _act_as_other_client(hands: Hands, action: actions.ActAsOtherClient) -> ActionResult:
    instrument = hands.instrument(action.intent.instrument)
    account = hands.controls.venue.account
    found = _command(hands, placing.command(account, instrument, action.intent))
    kind, number = _born(found, account, action.intent.intent_id)
    return ActionResult(order_id=hands.controls.venue.spelled_id(kind, instrument.name, number))


def _born(found: list[events.Event], account: str, client_id: str) -> tuple[IdKind, int]:
    """The id of what was placed: a conditional order's own, also when it has become another order at once."""
    for event in found:
        match event:
            case events.ConditionalChanged(conditional=one) if (one.account, one.client_id) == (account, client_id):
                return IdKind.CONDITIONAL, one.conditional_id
            case events.Acknowledged(order=one) | events.OrderChanged(order=one) if (one.account, one.client_id) == (
                account,
                client_id,
            ):
                return IdKind.ORDER, one.order_id
            case _:
                pass
    raise LookupError("the venue took no order in")


@translates(actions.SetMode)
def _set_mode(hands: Hands, action: actions.SetMode) -> ActionResult:
    _command(hands, commands.SetPositionMode(hands.controls.venue.account, state.PositionMode(action.mode.value)))
    return DONE


@translates(actions.Fund)
def _fund(hands: Hands, action: actions.Fund) -> ActionResult:
    account = hands.controls.venue.account
    _command(hands, commands.Deposit(account, action.asset, values.to_atoms(action.amount)))
    return DONE


# --- sessions -----------------------------------------------------------------------------------------------------


@translates(actions.Drop)
def _drop(hands: Hands, action: actions.Drop) -> ActionResult:
    hands.controls.drop(
        levers.DropManner(action.manner.value),
        code=action.code,
        sessions=levers.SessionKind(action.sessions.value),
        refuse_ns=values.to_ns(action.refuse_s),
    )
    return DONE


@translates(actions.Freeze)
def _freeze(hands: Hands, action: actions.Freeze) -> ActionResult:
    hands.controls.freeze(values.to_ns(action.for_s))
    return DONE


@translates(actions.ExpireCredential)
def _expire_credential(hands: Hands, action: actions.ExpireCredential) -> ActionResult:
    hands.controls.expire_credential(silent=action.silent)
    return DONE


@translates(actions.SkewVenueClock)
def _skew_venue_clock(hands: Hands, action: actions.SkewVenueClock) -> ActionResult:
    hands.controls.skew_clock(values.checked_ms(action.ms))
    return DONE


@translates(actions.StepAdapterClock)
def _step_adapter_clock(hands: Hands, action: actions.StepAdapterClock) -> ActionResult:
    if hands.step_wall is None:
        raise LookupError("in real time the adapter's clock is the machine's, which is not ours to step")
    hands.step_wall(values.checked_ms(action.ms) * 1_000_000)
    return DONE


# --- views and messages -------------------------------------------------------------------------------------------


@translates(actions.Lag)
def _lag(hands: Hands, action: actions.Lag) -> ActionResult:
    hands.controls.lag(action.operation.value, values.to_ns(action.by_s))
    return DONE


@translates(actions.Hold)
def _hold(hands: Hands, action: actions.Hold) -> ActionResult:
    hands.controls.hold(action.topic.value, values.to_ns(action.for_s))
    return DONE


def _add_rule(hands: Hands, action: messages.MessageAction) -> ActionResult:
    return ActionResult(rule_id=hands.controls.add_rule(_checked(hands, messages.rule_for(action))))


def _checked(hands: Hands, rule: rules.Rule) -> rules.Rule:
    """The rule, once it is sure that the venue's error table has the answer it asks for."""
    if isinstance(rule.fate, rules.AnswerVenueError):
        hands.controls.venue.error_reply(rule.fate.reason, rule.fate.error, None, hands.controls.time())
    return rule


for _kind in messages.MESSAGE_ACTIONS:
    translates(_kind)(_add_rule)


# --- the venue ----------------------------------------------------------------------------------------------------


@translates(actions.Ban)
def _ban(hands: Hands, action: actions.Ban) -> ActionResult:
    hands.controls.ban(values.to_ns(action.for_s))
    return DONE


@translates(actions.Maintenance)
def _maintenance(hands: Hands, action: actions.Maintenance) -> ActionResult:
    hands.controls.maintenance(values.to_ns(action.for_s))
    return DONE


@translates(actions.EngineRestart)
def _engine_restart(hands: Hands, action: actions.EngineRestart) -> ActionResult:
    hands.controls.engine_restart(values.to_ns(action.for_s))
    return DONE


async def _advance(hands: Hands, action: actions.Advance) -> ActionResult:
    if hands.passes_time:
        await hands.clock.sleep_ns(values.to_ns(action.by_s))
    else:
        hands.controls.age(values.to_ns(action.by_s))
    return DONE


TRANSLATIONS[actions.Advance] = _advance


@translates(actions.SwitchQuirk)
def _switch_quirk(hands: Hands, action: actions.SwitchQuirk) -> ActionResult:
    hands.controls.switch_quirk(action.quirk, action.on)
    return DONE

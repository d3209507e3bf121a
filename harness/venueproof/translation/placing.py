"""An intent of the contracts as the engine's command."""

from __future__ import annotations

from venueproof_contracts.model import Intent, OffsetUnit, Trigger
from venueproof_simulators.engine import commands, state
from venueproof_simulators.engine.conditional_state import TriggerKind, WatchedPrice
from venueproof_simulators.engine.instruments import Instrument

from . import values


def command(account: str, instrument: Instrument, intent: Intent) -> commands.Place | commands.PlaceConditional:
    """Places an ordinary order, or a conditional one where the intent has a trigger.

    Raises ValueError for a value off its step, and for what no order of an engine has.
    """
    if intent.trigger is not None:
        return _conditional(account, instrument, intent, intent.trigger)
    return commands.Place(
        account=account,
        instrument=instrument.name,
        side=state.Side(intent.side.value),
        kind=state.OrderKind(intent.type.value),
        lots=values.to_lots(instrument, intent.amount),
        ticks=0 if intent.price is None else values.to_ticks(instrument, intent.price),
        time_in_force=state.TimeInForce(intent.time_in_force.value),
        post_only=intent.post_only,
        reduce_only=intent.reduce_only,
        position_side=values.engine_leg(intent.position_side),
        client_id=intent.intent_id,
    )


def _conditional(account: str, instrument: Instrument, intent: Intent, trigger: Trigger) -> commands.PlaceConditional:
    by_distance = trigger.offset_unit is OffsetUnit.ABSOLUTE
    return commands.PlaceConditional(
        account=account,
        instrument=instrument.name,
        side=state.Side(intent.side.value),
        trigger=TriggerKind(trigger.kind.value),
        kind=state.OrderKind(intent.type.value),
        lots=values.to_lots(instrument, intent.amount),
        trigger_ticks=0 if trigger.price is None else values.to_ticks(instrument, trigger.price),
        ticks=0 if intent.price is None else values.to_ticks(instrument, intent.price),
        watches=WatchedPrice(trigger.watches.value),
        activation_ticks=0 if trigger.activation is None else values.to_ticks(instrument, trigger.activation),
        callback_ppm=0 if trigger.offset is None or by_distance else values.to_ppm(trigger.offset),
        callback_ticks=values.to_ticks(instrument, trigger.offset) if trigger.offset is not None and by_distance else 0,
        time_in_force=state.TimeInForce(intent.time_in_force.value),
        post_only=intent.post_only,
        reduce_only=intent.reduce_only,
        close_position=intent.close_position,
        position_side=values.engine_leg(intent.position_side),
        client_id=intent.intent_id,
    )

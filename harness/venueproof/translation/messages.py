"""Actions on single messages, as the rules that a host applies."""

from __future__ import annotations

from typing import get_args

from venueproof_contracts import actions
from venueproof_contracts.actions import Garbage, Matcher, Operation, action_name
from venueproof_simulators.host import rules
from venueproof_simulators.host.rules import Direction
from venueproof_simulators.host.venue import HttpReply

from . import values

MessageAction = (
    actions.DelayMessage
    | actions.DropMessage
    | actions.DuplicateMessage
    | actions.ReorderMessages
    | actions.LoseRequest
    | actions.LoseReply
    | actions.AnswerError
    | actions.AnswerGarbage
)
MESSAGE_ACTIONS: tuple[type[MessageAction], ...] = get_args(MessageAction)

_STREAM_ONLY = (actions.DropMessage, actions.DuplicateMessage, actions.ReorderMessages)

_GARBAGE: dict[Garbage, tuple[bytes, str]] = {
    Garbage.HTML: (b"<html><head><title>Service</title></head><body>Please wait.</body></html>", "text/html"),
    Garbage.EMPTY: (b"", "application/json"),
    Garbage.WRONG_SHAPE: (b"{}", "application/json"),
}


def rule_for(action: MessageAction) -> rules.Rule:
    """The rule that does what the action says."""
    return rules.Rule(match=_match(action), fate=_fate(action), name=action_name(action))


def reject_rule(action: actions.RejectOrders) -> rules.Rule:
    """The rule that refuses placements for a reason that the engine itself never has."""
    match = rules.Match(direction=Direction.REQUEST, operation=Operation.PLACE.value, first=action.first)
    fate = rules.AnswerVenueError(reason=action.reason.value)
    return rules.Rule(match=match, fate=fate, name=action_name(action))


def _match(action: MessageAction) -> rules.Match:
    match = action.match
    return rules.Match(
        direction=_direction(action, match),
        operation=match.operation.value if match.operation else "",
        topic=match.topic.value if match.topic else "",
        instrument=match.instrument or "",
        contains=match.contains,
        skip=match.skip,
        first=match.first,
    )


def _direction(action: MessageAction, match: Matcher) -> Direction:
    """Delays concern replies where an operation is named, streamed messages where not; the others only one of both."""
    if isinstance(action, _STREAM_ONLY):
        return Direction.STREAM
    if isinstance(action, actions.DelayMessage) and match.operation is None:
        return Direction.STREAM
    return Direction.REQUEST


def _fate(action: MessageAction) -> rules.Fate:
    match action:
        case actions.DelayMessage(by_s=by_s):
            return rules.Delay(values.to_ns(by_s))
        case actions.DropMessage():
            return rules.Drop()
        case actions.DuplicateMessage():
            return rules.Duplicate()
        case actions.ReorderMessages():
            return rules.Reorder()
        case actions.LoseRequest():
            return rules.LoseRequest()
        case actions.LoseReply():
            return rules.LoseReply()
        case actions.AnswerError(reason=reason, error=error, executed=executed):
            return rules.AnswerVenueError(reason=reason.value if reason else "", error=error, executed=executed)
        case actions.AnswerGarbage():
            return _garbage(action)


def _garbage(action: actions.AnswerGarbage) -> rules.Fate:
    if action.garbage is Garbage.TRUNCATED:
        return rules.Truncate()
    body, content_type = _GARBAGE[action.garbage]
    reply = HttpReply(status=action.status, body=body, content_type=content_type)
    return rules.Answer(reply, executed=action.executed)

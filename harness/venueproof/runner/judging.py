"""From what ended a case to its outcome: a promise broken, a fault of the adapter, or one of ours."""

from __future__ import annotations

import traceback
from typing import NamedTuple

from venueproof.usage import one_line
from venueproof.virtual import Deadlock, ProgramStopped, RealTimeExceeded
from venueproof_contracts.case import Breach, NothingToJudge
from venueproof_contracts.clause import Clause, Strength
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.outcomes import Blame, Outcome

from .guard import IN_ADAPTER
from .places import is_ours
from .witness import AdapterFault, Hanging, described


class Judgement(NamedTuple):
    """An outcome and, unless it is a pass, one line on why; of what counts against somebody also whose doing it is."""

    outcome: Outcome
    message: str
    blame: Blame | None = None


def _failed(blame: Blame, message: str) -> Judgement:
    return Judgement(Outcome.FAIL, message, blame)


def broke(message: str) -> Judgement:
    """Our own failure."""
    return Judgement(Outcome.HARNESS_ERROR, message, Blame.HARNESS)


def judge_error(error: BaseException | None, hanging: Hanging | None) -> Judgement:
    """What ended a case. `hanging` is the call into the adapter that was out when the program was stopped."""
    if error is None:
        return Judgement(Outcome.PASS, "")
    if isinstance(error, NothingToJudge):
        return Judgement(Outcome.NOT_APPLICABLE, one_line(str(error)))
    if isinstance(error, Breach):
        return _failed(Blame.PROMISE, one_line(str(error), 1000))
    if isinstance(error, AdapterFault):
        return _failed(Blame.FAULT, one_line(str(error), 1000))
    if isinstance(error, AdapterError):
        return _failed(Blame.PROMISE, f"raised {type(error).__name__}: {one_line(str(error))}")
    if isinstance(error, SystemExit):
        return _failed(Blame.FAULT, f"the adapter ended the program: {described(error)}")
    if isinstance(error, RealTimeExceeded):
        return _judge_real_time(error, hanging)
    if isinstance(error, ProgramStopped):
        return _judge_stop(error, hanging)
    return broke(f"{type(error).__name__}: {one_line(str(error))} at {_place(error)}")


def _judge_real_time(error: RealTimeExceeded, hanging: Hanging | None) -> Judgement:
    """The adapter's doing only when a call into it was out, or it was running; never while code of ours ran."""
    told = one_line(str(error))
    if is_ours(error.stack):
        return broke(told)
    if hanging:
        return _failed(Blame.STOPPED, f"{hanging.method}() did not return: {told}")
    if error.stack or any(context.get(IN_ADAPTER, False) for context in error.ready):
        return _failed(Blame.STOPPED, f"the adapter kept its process busy: {told}")
    return broke(f"no call into the adapter was out: {told}")


def _judge_stop(error: ProgramStopped, hanging: Hanging | None) -> Judgement:
    """A case that did not end. With a call into the adapter out that is the adapter's doing."""
    if hanging and isinstance(error, Deadlock):
        return _failed(Blame.FAULT, f"{hanging.method}() waits for something that nothing will bring about")
    if hanging:
        return _failed(Blame.FAULT, f"{hanging.method}() did not return for {hanging.seconds:g} virtual seconds")
    return broke(f"{type(error).__name__}: {one_line(str(error))}")


def weigh(clause: Clause, judgement: Judgement, manners: list[str]) -> Judgement:
    """The outcome in the end: bad manners break the promise too, and a SHOULD that was not kept is tolerated."""
    if judgement.outcome is Outcome.PASS and manners:
        judgement = _failed(Blame.PROMISE, one_line("; ".join(manners), 1000))
    if judgement.outcome is Outcome.FAIL and clause.strength is Strength.SHOULD:
        judgement = judgement._replace(outcome=Outcome.TOLERATED)
    return judgement


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"

"""From what ended a case to its outcome: a promise broken, a fault of the adapter, or one of ours."""

from __future__ import annotations

import traceback
from typing import NamedTuple

from venueproof.usage import one_line
from venueproof.virtual import Deadlock, ProgramStopped, RealTimeExceeded
from venueproof_contracts.case import Breach, NothingToJudge
from venueproof_contracts.clause import Clause, Strength
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.outcomes import Outcome

from .witness import AdapterFault, Hanging, described


class Judgement(NamedTuple):
    """An outcome and, unless it is a pass, one line on why."""

    outcome: Outcome
    message: str


def judge_error(error: BaseException | None, hanging: Hanging | None) -> Judgement:
    """What ended a case. `hanging` is the call into the adapter that was out when the program was stopped."""
    if error is None:
        return Judgement(Outcome.PASS, "")
    if isinstance(error, NothingToJudge):
        return Judgement(Outcome.NOT_APPLICABLE, one_line(str(error)))
    if isinstance(error, Breach | AdapterFault):
        return Judgement(Outcome.FAIL, one_line(str(error), 1000))
    if isinstance(error, AdapterError):
        return Judgement(Outcome.FAIL, f"raised {type(error).__name__}: {one_line(str(error))}")
    if isinstance(error, SystemExit):
        return Judgement(Outcome.FAIL, f"the adapter ended the program: {described(error)}")
    if isinstance(error, ProgramStopped):
        return _judge_stop(error, hanging)
    return Judgement(Outcome.HARNESS_ERROR, f"{type(error).__name__}: {one_line(str(error))} at {_place(error)}")


def _judge_stop(error: ProgramStopped, hanging: Hanging | None) -> Judgement:
    """A case that did not end. With a call into the adapter out, or a busy process, that is the adapter's doing."""
    if isinstance(error, RealTimeExceeded):
        culprit = f"{hanging.method}() did not return" if hanging else "the adapter kept its process busy"
        return Judgement(Outcome.FAIL, f"{culprit}: {one_line(str(error))}")
    if hanging and isinstance(error, Deadlock):
        return Judgement(Outcome.FAIL, f"{hanging.method}() waits for something that nothing will bring about")
    if hanging:
        return Judgement(Outcome.FAIL, f"{hanging.method}() did not return for {hanging.seconds:g} virtual seconds")
    return Judgement(Outcome.HARNESS_ERROR, f"{type(error).__name__}: {one_line(str(error))}")


def weigh(clause: Clause, judgement: Judgement, manners: list[str]) -> Judgement:
    """The outcome in the end: bad manners break the promise too, and a SHOULD that was not kept is tolerated."""
    outcome, message = judgement
    if outcome is Outcome.PASS and manners:
        outcome, message = Outcome.FAIL, one_line("; ".join(manners), 1000)
    if outcome is Outcome.FAIL and clause.strength is Strength.SHOULD:
        outcome = Outcome.TOLERATED
    return Judgement(outcome, message)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"

"""The verdicts a case can end with and whose doing they are, spelled as they appear in a certificate."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one case: one clause, on one venue, product and profile, with one provocation."""

    PASS = "pass"
    FAIL = "fail"
    TOLERATED = "tolerated"
    """A SHOULD that was not kept, or a failure that only a refuted claim about the venue brings about."""
    NOT_APPLICABLE = "not-applicable"
    """The venue cannot do it, has no case of it, the promise is not made by this kind of adapter, or the adapter met
    none of the trouble that was made: to pass is to have met it."""
    NOT_SUPPORTED = "not-supported"
    """The venue can, the adapter declares that it does not."""
    NOT_PROVABLE = "not-provable"
    """The bench lacks a power that the clause needs."""
    WAIVED = "waived"
    HARNESS_ERROR = "harness-error"
    """Ours, never the adapter's."""


class Blame(StrEnum):
    """What stands behind a failure. Only the first says that the clause's promise was looked at and found broken."""

    PROMISE = "broken-promise"
    FAULT = "protocol-fault"
    """The adapter did what no adapter may do: another exception, a value of another shape, a call that never ends."""
    EGRESS = "egress"
    """It reached for an address outside the run, or started a program, and failed."""
    STOPPED = "stopped"
    """It used up the real time of its case."""
    LOST = "lost-worker"
    """Its process ended."""
    HARNESS = "harness"
    """Ours, never the adapter's."""

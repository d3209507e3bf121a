"""Takes secrets out of what an adapter said of itself, before it stands in a result."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from venueproof_contracts.clauses.safety import SECRET_LENGTH_MIN
from venueproof_simulators.host.journal import Blanker

from .spec import CaseResult

CUT = "…"
"""Where `one_line` cut a text that was too long."""


def blanked(text: str, secrets: Sequence[str]) -> str:
    """`text` without signatures, and without secrets: plain, as in a URL, or cut in two."""
    telling = [secret for secret in secrets if len(secret) >= SECRET_LENGTH_MIN]
    blanker = Blanker()
    blanker.learn(telling)
    *cut, end = blanker.blank(text).split(CUT)
    return CUT.join([*(_without_stump(part, telling) for part in cut), end])


def blanked_result(result: CaseResult, secrets: Sequence[str]) -> CaseResult:
    """A result with nothing secret in any of its texts."""
    return msgspec.structs.replace(
        result,
        message=blanked(result.message, secrets),
        notes=tuple(blanked(note, secrets) for note in result.notes),
        wire=tuple(
            msgspec.structs.replace(row, label=blanked(row.label, secrets), text=blanked(row.text, secrets))
            for row in result.wire
        ),
    )


def _without_stump(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        for length in range(len(secret) - 1, SECRET_LENGTH_MIN - 1, -1):
            if text.endswith(secret[:length]):
                return text[:-length]
    return text

"""Takes secrets out of what an adapter said of itself, before it stands in a result."""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_contracts.clauses.safety import SECRET_LENGTH_MIN
from venueproof_simulators.host.journal import Blanker

CUT = "…"
"""What `one_line` ends a text with that was too long."""


def blanked(text: str, secrets: Sequence[str]) -> str:
    """`text` without the secrets, also where the last of them was cut in two."""
    telling = [secret for secret in secrets if len(secret) >= SECRET_LENGTH_MIN]
    blanker = Blanker()
    blanker.learn(telling)
    return _without_stump(blanker.blank(text), telling)


def _without_stump(text: str, secrets: Sequence[str]) -> str:
    kept = text.removesuffix(CUT)
    if kept == text:
        return text
    for secret in secrets:
        for length in range(len(secret) - 1, SECRET_LENGTH_MIN - 1, -1):
            if kept.endswith(secret[:length]):
                return kept[:-length] + CUT
    return text

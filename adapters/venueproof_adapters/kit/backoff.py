"""How long to wait before trying again."""

from __future__ import annotations

from random import Random


class Backoff:
    """Doubling delays with jitter from a seeded generator, so that many clients do not come back in step."""

    def __init__(self, random: Random, *, base_s: float = 1.0, cap_s: float = 60.0, tries: int = 4) -> None:
        self._random = random
        self._base_s = base_s
        self._cap_s = cap_s
        self.tries = tries
        """How often one call sends a refused request at the most."""

    def delay_s(self, failures: int) -> float:
        """The wait after so many failures in a row (1 for the first)."""
        full = min(self._cap_s, self._base_s * 2.0 ** min(failures - 1, 16))
        return full * (1 + self._random.random() / 4)


def reconnect_backoff(random: Random) -> Backoff:
    """For connections: quick at first, and short enough at last to keep a recovery bound of a minute."""
    return Backoff(random, base_s=0.5, cap_s=20.0)

"""Numbers that look random and are pure functions of their keys: no generator state, the same on every machine."""

from __future__ import annotations

from hashlib import blake2b

MASK = (1 << 64) - 1


def key(*words: str | int) -> int:
    """A 64-bit key made of words, equal for equal words in every process."""
    text = "\x1f".join(str(word) for word in words)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def draw(seed: int, index: int) -> int:
    """The `index`-th 64-bit number of the sequence `seed` (splitmix64, any index at once)."""
    mixed = (seed + index * 0x9E3779B97F4A7C15) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return mixed ^ (mixed >> 31)

"""Our intent ids and the client order ids that a venue accepts, in both directions."""

from __future__ import annotations

import hashlib
import re

from venueproof_adapters.kit.recent import Recent

_MARKS = (":", "-", "_", "Z")
"""What may stand before the number of a replacement: the first of these that the venue's pattern knows."""


_ESCAPED = re.compile(r"Q([0-9A-F]{2})")
"""A letter that the venue does not take, by its number: `Q2D` is `-`."""


class IdMap:
    """Uses an intent id as it is where the venue allows it, with other letters escaped where that fits, else a digest
    that is remembered.

    An order that takes the place of an earlier one of the same intent has `:r1`, `:r2` … behind the id (with another
    mark where the venue takes no colon). Every way of spelling comes out the same in another process; only reading a
    digest back needs this process's memory.
    """

    def __init__(self, pattern: str, length: int) -> None:
        self._allowed = re.compile(pattern)
        self._length = length
        self._mark = next((mark for mark in _MARKS if self._allowed.fullmatch(f"h{mark}r1")), _MARKS[0])
        self._next = re.compile(rf"(?P<id>.+){self._mark}r(?P<number>[1-9][0-9]*)")
        self._digests: Recent[str, str] = Recent()

    def client_id(self, intent_id: str, replacement: int = 0) -> str:
        """The venue's client id of an intent's order; `replacement` counts the orders that took its place."""
        suffix = f"{self._mark}r{replacement}" if replacement else ""
        if not self._next.fullmatch(intent_id):
            plain = self._escaped(intent_id) + suffix
            if self._allowed.fullmatch(plain) and len(plain) <= self._length:
                return plain
        digest = "h" + hashlib.sha256(intent_id.encode()).hexdigest()[: self._length - 7]
        self._digests[digest] = intent_id
        return digest + suffix

    def _escaped(self, intent_id: str) -> str:
        """The intent id in letters that the venue takes; as it is where that cannot be."""
        plain = self._allowed.fullmatch(intent_id) and not _ESCAPED.search(intent_id)
        if plain or any(ord(letter) > 0xFF for letter in intent_id):
            return intent_id
        taken = (letter != "Q" and self._allowed.fullmatch(letter) for letter in intent_id)
        return "".join(
            letter if plain else f"Q{ord(letter):02X}" for letter, plain in zip(intent_id, taken, strict=True)
        )

    def intent_id(self, client_id: str) -> str:
        """The intent behind a client id; a client id that is not ours stands for itself."""
        found = self._next.fullmatch(client_id)
        first = found["id"] if found else client_id
        return self._digests.get(first) or _ESCAPED.sub(lambda letter: chr(int(letter[1], 16)), first)

    def replacement(self, client_id: str) -> int:
        """How many orders of the intent came before the one with this client id."""
        found = self._next.fullmatch(client_id)
        return int(found["number"]) if found else 0

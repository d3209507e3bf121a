"""What is said to a user: a mistake in one line that says what, where and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """The command or call cannot be carried out as it was written. The message is one line."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for the known word nearest to `word`, empty when none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def one_line(text: str, chars_max: int = 300) -> str:
    """Text of an adapter, a venue or a library on one line, shortened."""
    line = " ".join(text.split())
    return line if len(line) <= chars_max else f"{line[: chars_max - 1]}…"


def error_text(error: BaseException) -> str:
    """What an error says of itself, on one line; an adapter's may be unable to say anything."""
    try:
        return one_line(str(error))
    except Exception as fault:
        return f"(no text: __str__ raised {type(fault).__name__})"

"""Documents as JSON text. A `Decimal` is printed as a JSON number; what a venue quotes it makes a text of itself."""

from __future__ import annotations

from typing import Any

import msgspec

Document = dict[str, Any]
"""A JSON object as a venue prints it."""

to_json = msgspec.json.Encoder(decimal_format="number").encode
"""A document as the bytes of its JSON."""


def to_text(document: object) -> str:
    """The same as text, for frames."""
    return to_json(document).decode()

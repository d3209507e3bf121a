"""The picture of a failure: what the rows of the journal become in it."""

from __future__ import annotations

from venueproof.runner.evidence import excerpt
from venueproof_contracts.bench import WireKind, WireRow


def test_a_rule_says_in_the_picture_what_it_did() -> None:
    rule = WireRow(at_ns=7, kind=WireKind.RULE, connection=1, label="LoseReply", note="reply lost, connection reset")
    (drawn,) = excerpt([rule], [])
    assert (drawn.kind, drawn.label, drawn.text) == ("fault", "LoseReply: reply lost, connection reset", "")

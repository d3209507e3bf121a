"""The certificates that are published beside the code are whole: shape and digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from venueproof_reports import load

PUBLISHED = sorted((Path(__file__).parents[2] / "reports" / "certificates").glob("*.json"))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_a_published_certificate_is_whole(path: Path) -> None:
    assert load(path).runs

"""The pages of venues that are kept beside the code are those that the registers make."""

from __future__ import annotations

from pathlib import Path

import pytest

from venueproof.venue_pages import venue_page
from venueproof_reports.render_venue import render_venue_markdown
from venueproof_simulators.host import discovery

PAGES = Path(__file__).parents[2] / "docs" / "venues"

pytestmark = pytest.mark.skipif(not PAGES.exists(), reason="needs the checkout, not only the wheel")


@pytest.mark.parametrize("venue", discovery.venue_names())
def test_the_page_of_a_venue_is_current(venue: str) -> None:
    page = PAGES / f"{venue}.md"
    written = page.read_text("utf-8") if page.exists() else ""
    assert written == render_venue_markdown(venue_page(venue)), "run `venueproof docs`, and look at what changed"


def test_there_is_no_page_of_a_venue_that_is_gone() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} <= set(discovery.venue_names())

"""`docs`: a page for each venue, written from its register."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from venueproof.cli.output import line
from venueproof.runner.plan import require_venue
from venueproof.usage import UsageError
from venueproof.venue_pages import venue_page
from venueproof_reports.render_venue import render_venue_markdown
from venueproof_simulators.host import discovery


def write_pages(names: Sequence[str], directory: Path) -> int:
    """One Markdown file for each venue. Raises UsageError for an unknown one, and when nothing can be written there."""
    for name in names:
        require_venue(name)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in names or discovery.venue_names():
            path = directory / f"{name}.md"
            path.write_text(render_venue_markdown(venue_page(name)), "utf-8")
            line(str(path))
    except OSError as error:
        raise UsageError(f"--into {directory}: {error.strerror}; name a folder that can be written") from None
    return 0

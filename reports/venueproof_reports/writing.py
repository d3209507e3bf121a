"""Writing all reports of a certificate, under names that never change."""

from collections.abc import Sequence
from pathlib import Path

from venueproof_reports.certificate import Certificate
from venueproof_reports.reading import dumps
from venueproof_reports.render_html import render_html
from venueproof_reports.render_junit import render_junit
from venueproof_reports.render_markdown import render_markdown
from venueproof_reports.render_venue import render_venue_html
from venueproof_reports.venue_page import VenuePage


def write_all(certificate: Certificate, directory: Path | str, pages: Sequence[VenuePage] = ()) -> list[Path]:
    """Write ``certificate.json index.html summary.md junit.xml`` and ``venues/<venue>.html`` for each of ``pages``.

    The directories are made. Raises OSError.
    """
    folder = Path(directory)
    (folder / "venues" if pages else folder).mkdir(parents=True, exist_ok=True)
    contents = {
        "certificate.json": dumps(certificate),
        "index.html": render_html(certificate, [page.name for page in pages]).encode(),
        "summary.md": render_markdown(certificate).encode(),
        "junit.xml": render_junit(certificate).encode(),
    } | {f"venues/{page.name}.html": render_venue_html(page).encode() for page in pages}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]

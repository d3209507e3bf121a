"""Writing all reports of a certificate, under names that never change."""

from pathlib import Path

from venueproof_reports.certificate import Certificate
from venueproof_reports.reading import dumps
from venueproof_reports.render_html import render_html
from venueproof_reports.render_junit import render_junit
from venueproof_reports.render_markdown import render_markdown


def write_all(certificate: Certificate, directory: Path | str) -> list[Path]:
    """Write ``certificate.json index.html summary.md junit.xml``; the directory is made. Raises OSError."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "certificate.json": dumps(certificate),
        "index.html": render_html(certificate).encode(),
        "summary.md": render_markdown(certificate).encode(),
        "junit.xml": render_junit(certificate).encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]

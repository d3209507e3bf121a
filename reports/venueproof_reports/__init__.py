"""The certificate as data, and the reports made from it: JSON, HTML, Markdown, JUnit.

``certificate`` holds the values and ``seal``; ``reading`` takes files in; ``verdict`` decides; ``merging`` joins
shards; ``writing.write_all`` makes all reports. A new format is one new ``render_*.py``, named in ``writing``.
"""

from venueproof_reports.certificate import (
    Certificate,
    Evidence,
    Footer,
    Header,
    Kill,
    NotProven,
    Result,
    Run,
    Waiver,
    WireRow,
    seal,
)
from venueproof_reports.merging import merge
from venueproof_reports.reading import CertificateError, dumps, load, loads
from venueproof_reports.verdict import Comparison, Verdict, compare, exit_code_against, judge, worse_than
from venueproof_reports.writing import write_all

__all__ = [
    "Certificate",
    "CertificateError",
    "Comparison",
    "Evidence",
    "Footer",
    "Header",
    "Kill",
    "NotProven",
    "Result",
    "Run",
    "Verdict",
    "Waiver",
    "WireRow",
    "compare",
    "dumps",
    "exit_code_against",
    "judge",
    "load",
    "loads",
    "merge",
    "seal",
    "worse_than",
    "write_all",
]

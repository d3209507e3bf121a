"""Makes `support/` importable, as a user's own folder is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent / "support"
sys.path.insert(0, str(SUPPORT))


@pytest.fixture
def in_support(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `support/` the current folder: `broken_adapters:…` can be named on a command line then."""
    monkeypatch.chdir(SUPPORT)
    return SUPPORT

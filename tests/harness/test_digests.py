"""One seed, one journal: whatever the process, its hash seed and its number of workers, on every venue."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from venueproof_adapters import native
from venueproof_simulators.host import discovery

COMMAND = [sys.executable, "-c", "from venueproof.cli import main; main()", "certify", "native"]
VENUES = [name for name in native.venues() if name in discovery.venue_names()]
OPTIONS = ["--no-prove", "--profile", "vendor", "--clause", "ORD-0,FIL-010,REC-010,WSS-010"]
DECIDED = (0, 1)
"""Certified, or not: what comes of the cases is the same each time in any case."""


def certificate(folder: Path, jobs: str) -> Any:
    """What a run of its own comes to."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    venues = [word for name in VENUES for word in ("--venue", name)]
    command = [*COMMAND, *venues, *OPTIONS, "--jobs", jobs, "--report", str(folder)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=300)
    assert done.returncode in DECIDED, done.stderr.decode()[-500:]
    return json.loads((folder / "certificate.json").read_text())


def test_a_process_of_its_own_hash_seed_with_two_workers_comes_to_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        serial, parallel = pool.map(certificate, [tmp_path / "a", tmp_path / "b"], ["1", "2"])
    assert sorted(run["venue"] for run in serial["runs"]) == VENUES
    assert [run["journal_digest"] for run in parallel["runs"]] == [run["journal_digest"] for run in serial["runs"]]
    assert [row["outcome"] for row in parallel["results"]] == [row["outcome"] for row in serial["results"]]

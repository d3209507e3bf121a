"""One seed, one journal: whatever the process, its hash seed and its number of workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMMAND = [sys.executable, "-c", "from venueproof.cli import main; main()", "certify", "native"]
OPTIONS = ["--venue", "binance", "--no-prove", "--profile", "vendor", "--clause", "ORD,FIL,REC,WSS"]


def digest(folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    command = [*COMMAND, *OPTIONS, "--report", str(folder)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    found: str = json.loads((folder / "certificate.json").read_text())["runs"][0]["journal_digest"]
    return found


def test_three_processes_with_random_hash_seeds_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        digests = list(pool.map(digest, [tmp_path / name for name in "abc"]))
    assert len(set(digests)) == 1

"""Runs one certificate in many fresh processes with random hash seeds and tells how many agree.

python tests/benchmarks/determinism.py --processes 20 --adapter native --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

COMMAND = [sys.executable, "-c", "from venueproof.cli import main; main()", "certify"]


def digest(arguments: argparse.Namespace, folder: Path) -> str:
    """The journal digest of one fresh process."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    options = ["--venue", arguments.venue, "--no-prove", "--jobs", str(arguments.jobs), "--seed", str(arguments.seed)]
    command = [*COMMAND, arguments.adapter, *options, "--clause", arguments.clause, "--report", str(folder)]
    subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    found: str = json.loads((folder / "certificate.json").read_text())["runs"][0]["journal_digest"]
    return found


def main() -> int:
    """0 when all agree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--adapter", default="native")
    parser.add_argument("--venue", default="binance")
    parser.add_argument("--clause", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = Counter(digest(arguments, Path(folder) / str(number)) for number in range(arguments.processes))
    print(json.dumps({"processes": arguments.processes, "digests": found}))
    return 0 if len(found) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())

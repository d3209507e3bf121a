"""Servers in processes of their own, for figures that must not share an event loop with what they measure."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

SERVERS = Path(__file__).parent / "servers"
END_LIMIT_S = 10.0


def script(name: str) -> list[str]:
    """The command that runs a server of the folder `servers`."""
    return [sys.executable, str(SERVERS / f"{name}.py")]


@contextlib.contextmanager
def serving(command: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Run a server inside the block. Gives the JSON object of its first line, which says that it is ready.

    Raises `RuntimeError` when it ends before that.
    """
    path = {**os.environ, "PYTHONPATH": str(SERVERS.parent)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=path) as process:
        try:
            line = process.stdout.readline() if process.stdout is not None else b""
            if not line:
                raise RuntimeError(f"{' '.join(command)} ended without a ready line")
            yield json.loads(line)
        finally:
            process.terminate()
            process.wait(END_LIMIT_S)

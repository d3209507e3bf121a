"""A simulator in a process of its own, as a user starts it, for clients that nobody here wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]


class Served:
    """What `venueproof serve --json` printed, and the control plane behind it."""

    def __init__(self, ready: Json) -> None:
        self.ready = ready
        self.rest: str = ready["rest"]
        self.control = ready["control"]
        self.ws: str = ready["ws"]
        self.credentials: dict[str, str] = ready["credentials"]

    def do(self, action: str, **fields: object) -> Json:
        """Carry out one action over HTTP."""
        body = json.dumps({"do": action, **fields}).encode()
        request = urllib.request.Request(
            f"{self.control}/actions", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer: Json = json.load(reply)
        return answer

    def truth(self) -> Json:
        """The account as the engine has it."""
        with urllib.request.urlopen(f"{self.control}/truth", timeout=10) as reply:
            answer: Json = json.load(reply)
        return answer


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start simulators with the given command-line arguments; they end with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Served:
        command = [str(Path(sys.executable).with_name("venueproof")), "serve", *arguments, "--json"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, encoding="utf-8", env=os.environ | {"NO_COLOR": "1"}
        )
        running.append(process)
        assert process.stdout is not None
        return Served(json.loads(process.stdout.readline()))

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()

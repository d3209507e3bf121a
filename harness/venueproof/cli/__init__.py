"""The command `venueproof`: what it prints and what it exits with. A user's mistake is one line and exit code 2."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import cast

from venueproof.usage import UsageError, one_line

USAGE = 2
HARNESS_BROKE = 3
INTERRUPTED = 130
BROKEN_PIPE = 141
YOUNG_OBJECTS = 20_000
"""So many new objects make the collector look for circles among them; Python's own figure is made for short scripts."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command in a process of its own, and exit with its code."""
    seldom_collect()
    sys.exit(run_command(sys.argv[1:] if arguments is None else list(arguments)))


def seldom_collect() -> None:
    """Let Python's collector of circles look less often: of what a command loads there is hardly any garbage."""
    gc.set_threshold(YOUNG_OBJECTS, 10, 100)


def run_command(arguments: list[str]) -> int:
    """Run the command and return its exit code; nothing but the code and text comes out."""
    try:
        code = _dispatched(arguments)
        sys.stdout.flush()
    except UsageError as error:
        return _told(str(error), USAGE)
    except KeyboardInterrupt:
        return _told("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us has gone; the interpreter must not try to flush to it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        return _told(f"the harness broke: {_described(error)}; this is a bug of venueproof", HARNESS_BROKE)
    return code


def _dispatched(arguments: list[str]) -> int:
    import typer

    from venueproof.cli.app import app

    command: Callable[..., object] = typer.main.get_command(app)
    try:
        code = command(args=arguments or ["--help"], prog_name="venueproof", standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:  # the only one that the parser raises by itself: nobody reads what we print
        raise BrokenPipeError from None
    except _complaint() as error:
        raise UsageError(_complained(error)) from None
    if code == INTERRUPTED:  # what the parser makes of Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _complaint() -> type[Exception]:
    """The root of what the command line's parser raises; typer keeps it in different places in different versions."""
    import typer

    roots = [kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"]
    return cast("type[Exception]", roots[0])


def _complained(error: Exception) -> str:
    words: Callable[[], str] | None = getattr(error, "format_message", None)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "venueproof"
    message = one_line(words() if words is not None else str(error)).rstrip(".").replace(": Value error, ", ": ")
    return f"{message}; `{path} --help` shows how it is called"


def _described(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {one_line(str(error))}{place}"


def _told(message: str, code: int) -> int:
    print(f"venueproof: {message}", file=sys.stderr)  # noqa: T201  # the one place that speaks to a user's mistake
    return code

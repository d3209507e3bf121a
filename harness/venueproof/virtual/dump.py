"""Which tasks wait, and where: the text of a deadlock message."""

from __future__ import annotations

import asyncio
import types
from typing import Any

TASKS_MAX = 20


def waiting_tasks(loop: asyncio.AbstractEventLoop) -> str:
    """One line per unfinished task: its name, its coroutine, and the innermost line it waits in."""
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: (len(task.get_name()), task.get_name()))
    if not tasks:
        return "no task is left"
    lines = [f"{len(tasks)} task(s) wait:", *(f"  {_describe(task)}" for task in tasks[:TASKS_MAX])]
    if len(tasks) > TASKS_MAX:
        lines.append(f"  and {len(tasks) - TASKS_MAX} more")
    return "\n".join(lines)


def _describe(task: asyncio.Task[Any]) -> str:
    coroutine: Any = task.get_coro()
    name = getattr(coroutine, "__qualname__", repr(coroutine))
    frame = _innermost_frame(coroutine)
    where = "" if frame is None else f" at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
    return f"{task.get_name()} ({name}){where}"


def _innermost_frame(awaitable: Any) -> types.FrameType | None:
    frame: types.FrameType | None = None
    while awaitable is not None:
        frame = getattr(awaitable, "cr_frame", None) or getattr(awaitable, "gi_frame", None) or frame
        awaitable = getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)
    return frame

"""Workers: one that hangs or dies costs its job and nothing else."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from operator import itemgetter
from pathlib import Path

from venueproof.runner.surroundings import tapped
from venueproof.runner.workers import Job, Pool


def test_answers_come_back_whatever_their_neighbours_do() -> None:
    sleep = vars(time)["sleep"]
    jobs = [Job(abs, -1, 3), Job(sleep, 60, 3), Job(os._exit, 3, 3), Job(int, "x", 3), Job(abs, -5, 3)]
    with Pool(2) as pool:
        answers = dict(pool.run(jobs))
        assert dict(pool.run([Job(abs, -9, 3)]))[0].value == 9
    assert [answers[0].value, answers[4].value] == [1, 5]
    assert (answers[1].problem, answers[1].lost, answers[1].stopped) == (
        "did not return for 3 s and was killed",
        True,
        True,
    )
    assert (answers[2].problem, answers[2].lost, answers[2].stopped) == ("ended its process with code 3", True, False)
    assert answers[3].problem.startswith("ValueError: invalid literal")
    assert not answers[3].lost


def _killed_once(flag: str) -> str:
    if not os.path.exists(flag):
        open(flag, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def _killed(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _cannot_be_sent(_: str) -> object:
    return threading.Lock()


def test_a_job_whose_process_was_killed_is_tried_once_more(tmp_path: Path) -> None:
    jobs = [Job(_killed_once, str(tmp_path / "flag"), 9), Job(_killed, "", 9), Job(_cannot_be_sent, "", 9)]
    with Pool(1) as pool:
        once, twice, unsent = (answer for _, answer in sorted(pool.run(jobs), key=itemgetter(0)))
    assert once.value == "done"
    assert (twice.problem, twice.lost) == ("had its process ended by signal 9, twice", True)
    assert (unsent.problem.partition(":")[0], unsent.lost) == ("the answer cannot be sent", False)


def test_what_is_written_past_pythons_streams_is_heard() -> None:
    [(_, answer)] = Pool(1).run([Job(_writes_to_numbers, "", 9)])
    assert answer.value == ("", "from C\nby number\n")


def _writes_to_numbers(_: str) -> tuple[str, str]:
    os.write(1, b"before the case\n")
    with tapped() as tap:
        before = tap.text()
        ctypes.CDLL(None).puts(b"from C")
        tap.text()
        os.write(2, b"by number\n")
        return before, tap.text()


def test_a_job_is_prepared_when_its_turn_comes() -> None:
    seen: list[int] = []
    with Pool(1) as pool:
        for _, answer in pool.run([Job(abs, -number, 9) for number in range(1, 4)], lambda job: _doubled(job, seen)):
            seen.append(answer.value)
    assert seen == [1, 4, 6]


def _doubled(job: Job, seen: list[int]) -> Job:
    return Job(job.function, job.argument * 2, job.limit_s) if seen else job

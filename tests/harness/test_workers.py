"""Workers: one that hangs or dies costs its job and nothing else."""

from __future__ import annotations

import os
import time

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


def test_a_job_is_prepared_when_its_turn_comes() -> None:
    seen: list[int] = []
    with Pool(1) as pool:
        for _, answer in pool.run([Job(abs, -number, 9) for number in range(1, 4)], lambda job: _doubled(job, seen)):
            seen.append(answer.value)
    assert seen == [1, 4, 6]


def _doubled(job: Job, seen: list[int]) -> Job:
    return Job(job.function, job.argument * 2, job.limit_s) if seen else job

"""Workers: one that hangs or dies costs its job and nothing else."""

from __future__ import annotations

import os
import time

from venueproof.runner.workers import Job, Pool


def test_answers_come_back_whatever_their_neighbours_do() -> None:
    sleep = vars(time)["sleep"]
    jobs = [Job(abs, -1), Job(sleep, 60), Job(os._exit, 3), Job(int, "x"), Job(abs, -5)]
    with Pool(2) as pool:
        answers = dict(pool.run(jobs, 3.0))
        assert dict(pool.run([Job(abs, -9)], 3.0))[0].value == 9
    assert [answers[0].value, answers[4].value] == [1, 5]
    assert (answers[1].problem, answers[1].lost) == ("did not return for 3 s and was killed", True)
    assert (answers[2].problem, answers[2].lost) == ("ended its process with code 3", True)
    assert answers[3].problem.startswith("ValueError: invalid literal")
    assert not answers[3].lost

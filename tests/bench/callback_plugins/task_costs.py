"""What each task of a run cost the controller, as JSON into the file that BENCH_TASK_COSTS names."""

import json
import multiprocessing
import os
import resource
import time
from pathlib import Path
from typing import Any

from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_costs
type: aggregate
short_description: wall and CPU time per task
description:
  - Between two tasks all workers have come to their end, so what the process and its ended children have used
    since the last one is what the task has cost.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_costs"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.at = (time.monotonic(), 0.0, 0.0)
        self._begin("start")

    def _begin(self, name: str, *, once: bool = False) -> None:
        """End the row before and begin another."""
        multiprocessing.active_children()  # counts those children that have ended
        own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        now = (time.monotonic(), own.ru_utime + own.ru_stime, workers.ru_utime + workers.ru_stime)
        if self.rows:
            figures = zip(("wall", "own", "workers"), now, self.at, strict=True)
            self.rows[-1] |= {key: at - before for key, at, before in figures}
            self.at = now
        self.rows.append({"name": name, "once": once, "run": 0, "skipped": 0})

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._begin(f"[{play.get_name()}]")

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        self._begin(task.get_name(), once=bool(task.run_once))

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self.rows[-1]["run"] += 1

    v2_runner_on_failed = v2_runner_on_ok
    v2_runner_on_unreachable = v2_runner_on_ok

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self.rows[-1]["skipped"] += 1

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._begin("end")
        Path(os.environ["BENCH_TASK_COSTS"]).write_text(json.dumps(self.rows[:-1]), encoding="utf-8")

"""What each task of a run cost the controller, and how many tasks each host had, as JSON.

It goes into the file that BENCH_TASK_COSTS names. A loop counts as often as it has items.
"""

import json
import multiprocessing
import os
import resource
import time
from pathlib import Path
from typing import Any, Literal

from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader

DOCUMENTATION = """
name: task_costs
type: aggregate
short_description: wall and CPU time per task
description:
  - Between two tasks all workers have come to their end, so what the process and its ended children have used
    since the last one is what the task has cost.
"""


def is_for_all(task: Task) -> bool:
    """Whether the task's action deals with all hosts at once, though its result names but one."""
    action = action_loader.get(task.action, class_only=True, collection_list=task.collections)
    return bool(getattr(action, "BYPASS_HOST_LOOP", False))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_costs"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.hosts: dict[str, dict[str, int]] = {}
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
        self._begin(task.get_name(), once=bool(task.run_once) or is_for_all(task))

    def _count(self, result: CallbackTaskResult, what: Literal["run", "skipped"]) -> None:
        """Count for the row; for the host, too, unless all hosts share the task."""
        if result.task.loop and "results" in result.result and result.result["results"]:
            return  # its items were counted
        self.rows[-1][what] += 1
        if not self.rows[-1]["once"]:
            counts = self.hosts.setdefault(result.host.name, {"tasks": 0, "skipped": 0})
            counts["tasks" if what == "run" else "skipped"] += 1

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._count(result, "run")

    v2_runner_on_unreachable = v2_runner_on_ok
    v2_runner_item_on_ok = v2_runner_on_ok
    v2_runner_item_on_failed = v2_runner_on_ok

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._count(result, "run")

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._count(result, "skipped")

    v2_runner_item_on_skipped = v2_runner_on_skipped

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._begin("end")
        found = {"tasks": self.rows[:-1], "hosts": self.hosts}
        Path(os.environ["BENCH_TASK_COSTS"]).write_text(json.dumps(found), encoding="utf-8")

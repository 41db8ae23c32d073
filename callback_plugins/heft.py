"""Progress and summary on the screen, and the frame of the evidence: opens the run, closes it, stamps lost hosts.

Printed are names, counts and fixed sentences, never a module's own text: that may hold a secret. With -v a task's
result is printed as well, with the values of the vault blacked out.
"""

import atexit
import functools
import json
import sys
from collections.abc import Callable
from typing import Any

from ansible import context
from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.plugins.callback import CallbackBase
from rich.console import Console

from serviceheft.assess import reach
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.reasons import NO_COLLECTOR
from serviceheft.book import BookUnavailable, RunRefused
from serviceheft.model.problems import InvalidInventory
from serviceheft.running import closing, recording, session, summary
from serviceheft.running.blackout import Blackout

DOCUMENTATION = """
name: heft
type: stdout
short_description: progress, summary and evidence of a service run
description:
  - Opens the run in the book before the task C(open_run), closes it at the end, and stamps what a host that was
    lost on the way is still owed.
"""

REFUSED = 2  # bad input, nothing touched
INCOMPLETE = 1


def ends_the_run[**P](method: Callable[P, None]) -> Callable[P, None]:
    """Evidence that cannot be written ends the run: Ansible only warns of a callback's exception."""

    @functools.wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except BookUnavailable as error:
            print(f"\n{error}\nThe run ends here: what cannot be recorded is not done.", file=sys.stderr)
            raise SystemExit(INCOMPLETE) from None

    return guarded


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "heft"

    def __init__(self) -> None:
        super().__init__()
        self.console = Console(highlight=False)
        self.session: session.Session | None = None
        self.records: list[recording.Record] = []
        self.changed: list[str] = []
        self.counted = 0
        self.lines: list[str] = []
        self.task_name = ""
        self.blackout = Blackout()

    # -- beginning -------------------------------------------------------------------------------------------

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._finish_task()
        self.blackout.learn(play.get_variable_manager().get_vars(play=play))
        if name := play.get_name().strip():
            self.console.print(f"\n[bold]{name}[/]")

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:  # noqa: ARG002
        self._finish_task()
        self.task_name = task.get_name().rpartition(" : ")[2]
        if task.action == "open_run":
            self._open(task)

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        self.v2_playbook_on_task_start(task, is_conditional=False)

    def _open(self, task: Task) -> None:
        arguments = context.CLIARGS
        extra = task.get_variable_manager().extra_vars
        order = session.Order(
            kind=str(task.args["cadence"]),
            dry_run=bool(arguments.get("check")),
            limit=arguments.get("subset"),
            ticket=extra.get("heft_ticket"),
            only_open=str(extra.get("heft_only_open", "")).lower() == "true",
        )
        try:
            self.session = session.open_session(arguments["inventory"], order)
        except (RunRefused, InvalidInventory, BookUnavailable) as error:
            print(f"{error}\nNothing was touched.", file=sys.stderr)
            raise SystemExit(REFUSED) from None
        atexit.register(self._close)
        self.console.print(closing.headline(self.session))

    # -- going on --------------------------------------------------------------------------------------------

    @ends_the_run
    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._count(result)
        if result.task.action == "open_run" and self.session:
            self.session.planned = {host: dict(services) for host, services in result.result["plan"].items()}
        elif result.task.action == "stamp":
            self._note(recording.Record.from_data(result.result["stamp"]))
        elif result.is_changed():
            self.changed.append(f"{result.host.name} ({self.task_name})")
            self._line(result, "changed")

    @ends_the_run
    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._count(result)
        if result.task.action in ("stamp", "open_run"):
            raise BookUnavailable(str(result.result.get("msg", "")))
        if not ignore_errors:
            self._lost(result)

    @ends_the_run
    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._count(result)
        if not result.task.ignore_unreachable:
            self._lost(result)

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        """Not worth a line."""

    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        diff = result.result.get("diff")
        if diff and result.is_changed():
            self.lines.append(self.blackout(self._get_diff(diff)).rstrip())

    def _lost(self, result: CallbackTaskResult) -> None:
        """A host leaves the run: stamp all that it is still owed with the reason."""
        judged = reach.classify(result.result)
        self._line(result, f"{judged.outcome.value}: {summary.why(judged.code)}")
        if self.session is None:
            return
        judgement = Judgement(outcome=judged.outcome, reason=judged.code)
        stamped = [(record.host, record.service) for record in self.records]
        for record in recording.record_missing(self.session, result.host.name, judgement, stamped):
            self.records.append(record)

    # -- end -------------------------------------------------------------------------------------------------

    @ends_the_run
    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._finish_task()
        if self.session is None:
            return
        uncollected = Judgement(outcome=Outcome.NOT_MEASURED, reason=NO_COLLECTOR)
        stamped = [(record.host, record.service) for record in self.records]
        for host in self.session.planned:
            self.records.extend(recording.record_missing(self.session, host, uncollected, stamped))
        self.console.print()
        summary.render(self.console, self.session, self.records, self.changed)
        whole = summary.complete(self.session, self.records) and not (stats.failures or stats.dark)
        self._close(whole=whole)
        if not whole:
            raise SystemExit(INCOMPLETE)

    def _close(self, *, whole: bool | None = None) -> None:
        """End the run in the book; without `whole` it was interrupted. The second call does nothing."""
        if self.session is not None:
            closing.close(self.session, whole)
            self.session = None

    # -- screen ----------------------------------------------------------------------------------------------

    def _count(self, result: CallbackTaskResult) -> None:
        self.counted += 1
        if self.console.is_terminal:
            print(f"\r  {self.task_name}: {self.counted} ", end="", flush=True)
        if self._display.verbosity:
            shown = json.dumps(self._clean_results_for_show(result), indent=2, default=str)
            self.lines.append(f"{result.host.name}: {self.blackout(shown)}")

    def _clean_results_for_show(self, result: CallbackTaskResult) -> dict[str, Any]:
        return {key: value for key, value in result.result.items() if not key.startswith("_ansible")}

    def _note(self, record: recording.Record) -> None:
        self.records.append(record)
        if line := summary.finding_line(record):
            self.lines.append(f"    {record.host:<22} {line}")

    def _line(self, result: CallbackTaskResult, text: str) -> None:
        self.lines.append(f"    {result.host.name:<22} {text}")

    def _finish_task(self) -> None:
        if not self.counted:
            return
        if self.console.is_terminal:
            print("\r\033[K", end="")
        hosts = "host" if self.counted == 1 else "hosts"
        self.console.print(f"  {self.task_name}: {self.counted} {hosts}", markup=False)
        for line in self.lines:
            self.console.print(line, markup=False, soft_wrap=True)
        self.counted, self.lines = 0, []

"""Progress and summary on the screen, and the frame of the evidence: opens the run, closes it, stamps lost hosts.

Printed are names, counts and fixed sentences, never a module's own text: that may hold a secret. With -v declared
fields of each result are printed as well; with --diff what changes, the values of the vault blacked out.
"""

import atexit
import functools
import os
from collections.abc import Callable
from typing import Any

from ansible import context
from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook import Playbook
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import filter_loader, test_loader
from rich.text import Text

from serviceheft import entry
from serviceheft.assess import reach
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.book import BookUnavailable, RunRefused
from serviceheft.logs import LogUnavailable
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.problems import InvalidInventory
from serviceheft.running import (
    closing,
    environment,
    handing_over,
    interrupting,
    invocation,
    orphans,
    recording,
    session,
    spool,
    summary,
    visit_progress,
    visiting,
)
from serviceheft.running.blackout import Blackout
from serviceheft.running.typed import NotAccepted
from serviceheft.screen import Screen, coloured, end_progress, progress, say

DOCUMENTATION = """
name: heft
type: stdout
short_description: progress, summary and evidence of a service run
description:
  - Opens the run in the book before the first play of a playbook with the task C(open_run), closes it at the end, and
    stamps what a host that was lost on the way is still owed.
"""

INCOMPLETE = 1
REFUSED = 2  # bad input, nothing touched
#: Tasks that write evidence: when one fails, nothing more may be changed.
EVIDENCE = (
    "open_run",
    "visit",
    "stamp",
    "stamp_again",
    "patch_order",
    "patch_restart",
    "software_questions",
    "keep_answer",
    "gravityzone_endpoints",
)


def ends_the_run[**P](method: Callable[P, None]) -> Callable[P, None]:
    """Evidence that cannot be written ends the run, with a message and without a traceback."""

    @functools.wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except (BookUnavailable, RunRefused, LogUnavailable) as error:
            callback: Any = args[0]
            callback.session = None  # its end cannot be written either; the next run writes it
            callback.remove_spool()
            say(f"\n{error}\nThe run ends here: what cannot be recorded is not done.", error=True)
            raise SystemExit(INCOMPLETE) from None

    return guarded


def _load_filters() -> None:
    """Load all filters and tests before Ansible forks, which else each worker does anew: per task and host."""
    filter_loader.get("default")
    test_loader.get("defined")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "heft"

    def __init__(self) -> None:
        super().__init__()
        entry.enter()
        self.console = Screen()
        self.session: session.Session | None = None
        self.spool: spool.Spool | None = None
        self.listener: visit_progress.Listener | None = None
        self.records: list[recording.Record] = []
        self.changed: list[str] = []
        self.counted = 0
        self.lines: list[str | Text] = []
        self.play_name = ""
        self.task_name = ""
        self.blackout = Blackout()

    # -- beginning -------------------------------------------------------------------------------------------

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        """Refuse what must be refused before Ansible looks at a host or its variables."""
        opening = [
            task
            for play in playbook.get_plays()
            for block in play.tasks
            for task in block.block
            if getattr(task, "action", None) == "open_run"
        ]
        if not opening:
            return
        arguments, task = context.CLIARGS, opening[0]
        # What was typed is for us alone: no template and no option of Ansible ever sees it.
        task.get_variable_manager().extra_vars.clear()
        try:
            if not invocation.of_a_test(arguments):
                environment.refuse_foreign(os.environ)
            catalogue = load_catalogue()
            inventory = invocation.named_inventory(arguments)
            customer = inventory.customer
            invocation.check_options(arguments)
            invocation.check_vaults(arguments, customer.name)
            order = invocation.order(
                arguments, cadence=task.args.get("cadence"), emergency=bool(task.args.get("emergency"))
            )
            self.blackout.learn(inventory.secrets)
            if task.args.get("only_validate"):
                self.console.print(f"{customer.name}: valid. Nothing was touched.", soft_wrap=True)
                return
            handing_over.refuse_missing_certificates(inventory)
            self.session = session.open_session(customer, catalogue, order)
        except (NotAccepted, RunRefused, InvalidInventory, BookUnavailable) as error:
            say(f"{error}\nNothing was touched.", error=True)
            raise SystemExit(REFUSED) from None
        atexit.register(self._interrupted)
        self.console.print(closing.headline(self.session), soft_wrap=True)
        try:
            self.spool = spool.Spool.begin(self.session.run)
        except spool.SpoolUnavailable as error:
            say(f"{error}\nNothing was touched.", error=True)
            raise SystemExit(INCOMPLETE) from None
        _load_filters()
        interrupting.install()
        orphans.install()

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._finish_task()
        self.play_name = play.get_name().strip()  # printed with its first task: many plays have no hosts

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:  # noqa: ARG002
        self._finish_task()
        if self.play_name:
            self.console.print(f"\n{self.play_name}", style="bold")
            self.play_name = ""
        self.task_name = task.get_name().rpartition(" : ")[2]
        if task.action == "visit" and self.session:
            self.listener = visit_progress.Listener(self._visited(visit_progress.PlainPace()))

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        self.v2_playbook_on_task_start(task, is_conditional=False)

    # -- going on --------------------------------------------------------------------------------------------

    @ends_the_run
    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._count(result)
        self._end_if_lost(result)
        if result.task.action in ("visit", "windows_visit") and "lost" in result.result:
            self._visits(result)
        elif result.task.action == "open_run" and self.session:
            self.session.planned = {host: dict(services) for host, services in result.result["plan"].items()}
        elif "stamps" in result.result and result.task.action in EVIDENCE:
            self.counted += len(result.result["stamps"]) - 1
            for stamp in result.result["stamps"]:
                self._note(recording.Record.from_data(stamp))
        elif result.is_changed():
            self.changed.append(f"{result.host.name} ({self.task_name})")
            self._line(result.host.name, "would be changed" if context.CLIARGS.get("check") else "changed")

    @ends_the_run
    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._count(result)
        self._end_if_lost(result)
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
            self._line(result.host.name, "differs:")
            self.lines.append(coloured(self._get_diff(self.blackout(diff)).rstrip()))

    def _end_if_lost(self, result: CallbackTaskResult) -> None:
        """Raises BookUnavailable when the task could not write down what it was to, whatever the play makes of that."""
        failed = result.task.action in EVIDENCE and result.is_failed()
        if failed or result.result.get(visiting.EVIDENCE_LOST) is True:
            raise BookUnavailable(str(result.result.get("msg", "")))

    def _lost(self, result: CallbackTaskResult) -> None:
        self._leaves(result.host.name, reach.classify(result.result))

    def _leaves(self, host: str, why: reach.Reach) -> None:
        """A host leaves the run: stamp all that it is still owed with the reason."""
        self._line(host, f"{why.outcome.value}: {summary.why(why.code)}")
        self._record_missing(host, Judgement(outcome=why.outcome, reason=why.code))

    def _visits(self, result: CallbackTaskResult) -> None:
        """What one task says of all hosts that it visited, or of its own."""
        told = result.result
        self.counted += told["visited"] + len(told["lost"]) - 1
        for host, why in told["lost"].items():
            self._leaves(host, reach.Reach(why["code"], Outcome(why["outcome"])))
        for host, text in told["alone"].items():
            if text:
                self._line(host, f"visited alone: {text}")

    def _record_missing(self, host: str, judgement: Judgement) -> None:
        if self.session is not None:
            stamped = [(record.host, record.service) for record in self.records]
            self.records.extend(recording.record_missing(self.session, host, judgement, stamped))

    # -- end -------------------------------------------------------------------------------------------------

    @ends_the_run
    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._finish_task()
        self.console.print()
        if self.session is not None:
            self._sum_up(self.session, stats)
        counts = ("ok", "changed", "dark", "failures")
        names = ("ok", "changed", "unreachable", "failed")
        totals = [sum(getattr(stats, count).values()) for count in counts]
        shown = " ".join(f"{name}={total}" for name, total in zip(names, totals, strict=True))
        self.console.print(f"Ansible: {shown}")
        if self.session is not None:
            opened, self.session = self.session, None
            self.remove_spool()
            whole = summary.complete(opened, self.records) and not (stats.failures or stats.dark)
            if said := closing.close(opened, whole):
                self.console.print(said, soft_wrap=True)
            if not whole:
                raise SystemExit(INCOMPLETE)

    def _sum_up(self, opened: session.Session, stats: AggregateStats) -> None:  # noqa: ARG002
        for host in opened.planned or {}:
            self._record_missing(host, recording.left_over(opened, host))
        summary.render(self.console, opened, self.records, self.changed)

    def _interrupted(self) -> None:
        """The process ends before the run does, as with Ctrl-C."""
        if self.session is not None:
            opened, self.session = self.session, None
            self._finish_task()
            self.remove_spool()
            say(f"\n{closing.close(opened, whole=None)}")

    def remove_spool(self) -> None:
        """What hosts told goes with the run."""
        if self.spool is not None:
            self.spool.remove()

    # -- screen ----------------------------------------------------------------------------------------------

    def _count(self, result: CallbackTaskResult) -> None:
        self.counted += 1
        if self.console.is_terminal:
            progress(f"  {self.task_name}: {self.counted} ")
        if self._display.verbosity:
            self._line(result.host.name, summary.declared(result.result))

    def _note(self, record: recording.Record) -> None:
        self.records.append(record)
        if line := summary.finding_line(record):
            self.lines.append(f"    {record.host:<22} {line}")

    def _line(self, host: str, text: str) -> None:
        self.lines.append(f"    {host:<22} {text}")

    def _visited(self, pace: visit_progress.PlainPace) -> Callable[[visit_progress.Progress], None]:
        """Shows how far the visits are: a line that moves, or a few lines where none can move."""
        task = self.task_name

        def show(now: visit_progress.Progress) -> None:
            if self.console.is_terminal:
                progress(f"  {task}: {now} ")
            elif pace.due(now):
                self.console.print(f"  {task}: {now}", soft_wrap=True)

        return show

    def _finish_task(self) -> None:
        if self.listener is not None:
            self.listener.stop()
            self.listener = None
        if not self.counted:
            return
        if self.console.is_terminal:
            end_progress()
        hosts = "host" if self.counted == 1 else "hosts"
        self.console.print(f"  {self.task_name}: {self.counted} {hosts}")
        for line in self.lines:
            self.console.print(line, soft_wrap=True)
        self.counted, self.lines = 0, []

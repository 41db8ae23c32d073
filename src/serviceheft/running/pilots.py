"""How the pilots of patch management (3.2) are, by the book: whether they vouch for updates, or are sick."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from serviceheft.assess import patching
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Outcome, Severity
from serviceheft.assess.patching_words import INSTALL
from serviceheft.assess.updatehistory import EVERGREEN
from serviceheft.book import FindingLife, Stamp
from serviceheft.patching.policy import Update
from serviceheft.patching.rings import Pilot
from serviceheft.running.session import Session, open_book

SERVICE, UPDATES, ANTIVIRUS = "3.2", "3.1", "2.7"

#: A pilot that nobody looked at for so long vouches for nothing.
_LOOKED_AT_SINCE = timedelta(days=60)


def read_pilots(session: Session, now: datetime) -> list[Pilot]:
    """Every pilot of the customer, whether it belongs to this run or not. Raises BookUnavailable."""
    customer = session.customer
    scope = set(session.catalogue.services[SERVICE].scope)
    names = [
        name
        for name, host in customer.hosts.items()
        if host.variables["patch_management_ring"] == "pilot" and scope & set(host.groups)
    ]
    if not names:
        return []
    with open_book() as book:
        stamps = book.stamps(customer.name, since=now - _LOOKED_AT_SINCE, hosts=names)
        lives = book.findings(customer.name, open_only=True)
    return [
        judge_pilot(
            name,
            [stamp for stamp in stamps if stamp.host == name and not stamp.dry_run],
            [life for life in lives if life.host == name],
        )
        for name in names
    ]


def judge_pilot(name: str, stamps: Iterable[Stamp], lives: Iterable[FindingLife]) -> Pilot:
    """One pilot from its own stamps, in their order, and its open findings; both without dry runs."""
    own = list(stamps)
    patched_at = _patched_at(own)
    trouble = patched_at is not None and any(
        life.severity is not Severity.INFO and life.opened_at > patched_at for life in lives
    )
    seen_at = max((stamp.at for stamp in own if stamp.outcome.measured), default=None)
    return Pilot(name, _well_at(own), sick=trouble or _lost(own), had=_had(own), seen_at=seen_at)


def _well_at(stamps: Iterable[Stamp]) -> tuple[datetime, ...]:
    """The times at which it was well since it last was not."""
    times: list[datetime] = []
    for stamp in stamps:
        if stamp.service == SERVICE and stamp.kind != "emergency":  # that looks at one update only
            times = [*times, stamp.at] if patching.is_well(stamp) else []
    return tuple(times)


def _patched_at(stamps: Iterable[Stamp]) -> datetime | None:
    """When an update was installed there, or it was restarted for one, last; definitions come every day."""
    done = [stamp.at for stamp in stamps if any(_patches(action) for action in stamp.actions)]
    return max(done, default=None)


def _patches(action: Action) -> bool:
    is_update = action.kind.startswith("update.") and action.subject not in EVERGREEN
    return is_update and action.result is ActionResult.DONE


def _had(stamps: Iterable[Stamp]) -> tuple[Update, ...]:
    """What was installed there."""
    done = [
        action
        for stamp in stamps
        for action in stamp.actions
        if action.kind == INSTALL and action.result is ActionResult.DONE
    ]
    return tuple(
        Update(str(it.values.get("title")), (it.subject,) if it.subject.startswith("KB") else ())
        for it in done
    )


def _lost(stamps: Iterable[Stamp]) -> bool:
    """Whether one of its services failed or did not reach it when it was tried last."""
    latest = {it.service: it.outcome for it in stamps if it.service in (ANTIVIRUS, UPDATES, SERVICE)}
    return any(outcome in (Outcome.FAILED, Outcome.NOT_REACHED) for outcome in latest.values())

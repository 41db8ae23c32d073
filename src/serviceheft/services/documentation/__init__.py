"""2.6: what each computer is, measured, beside what the inventory documents."""

from serviceheft.assess.identity import machine_ids
from serviceheft.service import Judged, Seen, Service
from serviceheft.services.documentation.judging import CAUSES, SUBJECT, ComputerPolicy, judge


def _judge(seen: Seen) -> Judged:
    policy = ComputerPolicy.from_variables(seen.variables, seen.host)
    return Judged(judge(seen.latest.get("sections"), policy, seen.now, machine_ids(seen.latest)))


SERVICE = Service(
    role="documentation",
    subject=SUBJECT,
    sections=("computer", "volumes", "network"),
    judge=_judge,
    causes=CAUSES,
)

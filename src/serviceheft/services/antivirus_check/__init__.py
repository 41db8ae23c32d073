"""2.7: the virus scanner of each host, by Windows' own data and by the scanner's console."""

from serviceheft.assess.reading import mapping
from serviceheft.service import Judged, Seen, Service
from serviceheft.services.antivirus_check.judging import SUBJECT, AntivirusPolicy, judge
from serviceheft.services.antivirus_check.log import antivirus_log_line
from serviceheft.services.antivirus_check.words import CAUSES, REASONS, VALUE_WORDS

#: What the scanner's console was asked for, once for all hosts.
CONSOLE = "console"


def _judge(seen: Seen) -> Judged:
    policy = AntivirusPolicy.from_variables(seen.variables)
    return Judged(judge(seen.section("antivirus"), mapping(seen.answers, CONSOLE) or None, policy, seen.now))


SERVICE = Service(
    role="antivirus_check",
    subject=SUBJECT,
    # The console knows a host by its names and addresses.
    sections=("antivirus", "computer", "network"),
    judge=_judge,
    answers=(CONSOLE,),
    causes=CAUSES,
    reasons=REASONS,
    value_words=VALUE_WORDS,
    log_line=antivirus_log_line,
)

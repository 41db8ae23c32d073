"""3.2: each host gets the updates that were chosen for it when it is its turn; acts for 3.1 and 2.7, too."""

from serviceheft.service import JUDGE, Play, Service
from serviceheft.services.patch_management.hosts import ROLE
from serviceheft.services.patch_management.orders import judge_after, plan_turns
from serviceheft.services.patch_management.policy import TURNS
from serviceheft.services.patch_management.words import ACTIONS, CAUSES, REASONS
from serviceheft.services.update_check.judging import SUBJECT

#: They grow: each is decided upon by what the last one led to.
_BATCHES = (1, 5, 25)

SERVICE = Service(
    role=ROLE,
    subject=SUBJECT,
    sections=("updates", "search", "antivirus"),
    judge_all=plan_turns,
    judge_after=judge_after,
    again=("updates", "search", "antivirus"),
    options={"server_selection": "update_check_server_selection"},
    answers=("console",),
    causes=CAUSES,
    actions=ACTIONS,
    reasons=REASONS,
    plays=(
        JUDGE,
        Play("ring", TURNS[0], "pilot ring", _BATCHES),
        Play("ring", TURNS[1], "pilot ring, one after the other", (1,)),
        Play("ring", TURNS[2], "the others", _BATCHES),
        Play("ring", TURNS[3], "the others, one after the other", (1,)),
    ),
    # It also carries out the restarts that installations of the other services want.
    last=True,
)

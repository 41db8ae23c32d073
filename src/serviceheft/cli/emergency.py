"""heft emergency: one named update to every customer that lacks it, now."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from serviceheft import settings
from serviceheft.cli.customers import Refused, load, names
from serviceheft.cli.dates import day
from serviceheft.cli.visits import Check, Verbose, carry_out
from serviceheft.screen import confirm, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serviceheft.running.emergency import Published, Standing


def emergency(
    kb: Annotated[str, typer.Argument(metavar="KB", help="Article of the update, as KB5068861.")],
    reason: Annotated[
        str,
        typer.Option(
            help="Why rings, windows and freeze days are left out, or why it is ended; it goes into the book."
        ),
    ],
    customer: Annotated[
        list[str] | None, typer.Option(help="Only this customer; can be given more than once.")
    ] = None,
    check: Check = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    published: Annotated[
        str | None,
        typer.Option(
            metavar="DAY", help="When it was published, where no host has been offered it yet: 2026-11-24"
        ),
    ] = None,
    maximum_hosts: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="At most so many hosts of a customer, instead of its own cap."),
    ] = None,
    end: Annotated[
        bool, typer.Option("--end", help="Install nothing: nobody owes this emergency any more.")
    ] = False,
    verbose: Verbose = 0,
) -> None:
    """Install one update now on every host that lacks it, or may lack it.

    One run for each customer, outside of rings, maintenance windows and freeze days. The stop file, rejected updates
    and the cap on hosts still hold. First it lists every host in the scope of patch management by what is known of
    it, and asks. Who was measured before the update was published, or never, may lack it: the visit looks first, and
    installs only what is missing.

    A restart follows the device's own terms (patch_management_reboot), also in an emergency: never; when_needed, at
    once and also by day; in_window, in its maintenance window; nobody_logged_on, in the window with nobody signed in.

    Who is off, fails, or waits for its restart still owes it: heft catch-up carries it on, within the same terms,
    until it is measured well or --end says that nobody owes it any more.

    Exit code 0: carried out, or no host lacks it; a restart may still wait for its time. 1: something failed, was not
    reached, or was left alone; it says what. 2: bad input, nothing touched.

    [bold]Examples[/]

      heft emergency KB5068861 --reason "exploited since this morning" --check
      heft emergency KB5068861 --reason "exploited since this morning" --customer musterbau
      heft emergency KB5068861 --reason "Microsoft withdrew it" --end
    """
    from serviceheft.running.command import Emergency, PlaybookCall
    from serviceheft.running.emergency import Published
    from serviceheft.running.session import check_emergency
    from serviceheft.running.typed import whole_number

    if end:
        _end(kb, reason, customer)
        return
    cap = None if maximum_hosts is None else whole_number("--maximum-hosts", maximum_hosts)

    check_emergency(kb, reason)
    since = Published.on(kb, None if published is None else _day(published, settings.now().date()))
    found, broken = _standings(customer, since)
    _tell(found, since)
    concerned = [one for one in found if one.touched and not one.why_not]
    left_alone = broken or any(one.touched and one.why_not for one in found)
    if not concerned:
        told = "Nothing was touched."
        say(told if left_alone else f"No host lacks {kb}. {told}")
        raise typer.Exit(1 if left_alone else 0)
    if not (check or yes):
        confirm(f"Install {kb} on these hosts now?")
    order = Emergency(kb, reason.strip(), cap)
    codes = [
        carry_out(
            PlaybookCall(
                "emergency",
                one.customer,
                check,
                limit=",".join(one.touched),
                emergency=order,
                verbose=verbose,
            )
        )
        for one in concerned
    ]
    raise typer.Exit(2 if set(codes) == {2} else 1 if any(codes) or left_alone else 0)


def _end(kb: str, reason: str, customers: "Sequence[str] | None") -> None:
    """At every customer that owes it."""
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running.by_hand import end_emergency
    from serviceheft.running.session import check_article

    check_article(kb)
    catalogue, ended = load_catalogue(), False
    for one in [load(name) for name in customers or names()]:
        if hosts := end_emergency(one, catalogue, kb, reason):
            ended = True
            say(f"{one.name}: {kb} is not owed by emergency any more: {', '.join(hosts)}")
    if not ended:
        say(f"Nobody owes {kb} by emergency. Nothing was written.")


def _standings(customers: "Sequence[str] | None", published: "Published") -> "tuple[list[Standing], bool]":
    """What is known of each customer; whether one's inventory could not be read."""
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.model.problems import InvalidInventory
    from serviceheft.running.emergency import learn, standing
    from serviceheft.running.session import open_book

    catalogue, loaded, broken = load_catalogue(), [], False
    with open_book() as book:
        for name in customers or names():
            try:
                loaded.append(load(name))
            except InvalidInventory as error:
                if customers:
                    raise
                broken = True  # one customer's mistake must not keep the others waiting
                say(f"{name}: its inventory has mistakes, nothing is done there:\n{error}", error=True)
        for name in names():  # one customer's hosts may have been offered what another's have not
            learn(published, book, name)
        return [standing(one, catalogue, book, published, settings.now()) for one in loaded], broken


def _tell(found: "Sequence[Standing]", published: "Published") -> None:
    """Every host in scope, by what is known of it."""
    from serviceheft.running.emergency import Known

    for one in found:
        for known in Known:
            if hosts := one.hosts[known]:
                say(f"{one.customer}: {len(hosts)} {known.value}: {', '.join(hosts)}")
        if one.touched and one.why_not:
            say(f"{one.customer}: {one.why_not}: nothing is done there.")
        elif one.touched:
            _tell_restarts(one)
    if published.at is None and any(one.hosts[Known.OLDER] for one in found):
        say(
            f"When {published.kb} was published is not known: no host has been offered it. Say it with --published DAY."
        )


def _tell_restarts(one: "Standing") -> None:
    """When whom: an emergency installs now, and restarts as each device's own terms say."""
    from serviceheft.services.patch_management.policy import Reboot

    terms = {
        Reboot.WHEN_NEEDED: "restarted at once where it needs it, also by day",
        Reboot.IN_WINDOW: "restarted in the maintenance window",
        Reboot.NOBODY_LOGGED_ON: "restarted in the maintenance window with nobody signed in",
        Reboot.NEVER: "never restarted by us, so somebody does it there",
    }
    for reboot, words in terms.items():
        if hosts := [host for host in one.touched if one.restarts[host] is reboot]:
            say(f"{one.customer}: {words}: {', '.join(hosts)}")


def _day(text: str, today: date) -> date:
    """Raises Refused."""
    found = day("--published", text)
    if found > today:
        raise Refused(f"--published {found} has not come yet. Say on which day it was published.")
    return found


def add_to(app: typer.Typer) -> None:
    app.command()(emergency)

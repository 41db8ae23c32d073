"""heft book: where the book lives, its backup, and its way to another place."""

from pathlib import Path
from typing import Annotated

import typer

from serviceheft import settings
from serviceheft.cli.customers import CustomerArgument
from serviceheft.screen import say

app = typer.Typer(
    help="Where the book lives; backing it up, taking a backup in, moving it between SQLite and PostgreSQL.",
    no_args_is_help=True,
)


@app.command()
def where() -> None:
    """Say where the book lives and what it holds.

    [bold]Example[/]

      heft book where
    """
    from serviceheft.book.copying import contents, tally
    from serviceheft.book.errors import place
    from serviceheft.running.session import open_book

    with open_book() as book:
        say(f"{place(book.store.url)}: {tally(contents(book))}.")
    say(f"Key, outbox and own copy of the signed heads: {settings.data_directory()}")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
) -> None:
    """Copy the book to a file and prove the copy. Runs may write meanwhile.

    [bold]Example[/]

      heft book backup /mnt/backup/heft-2026-11-27.sqlite
    """
    from serviceheft.book import moving
    from serviceheft.running.session import open_book

    open_book().close()  # says what is wrong with it, and moves an old one in
    done = moving.back_up(settings.book_url(), file)
    say(f"{done.held} copied to {done.where}, proved by reading it back.")
    for message in done.broken:
        say(message)
    if done.broken:
        say("The book was tampered with before, and the copy is as it is.")
    raise typer.Exit(1 if done.broken else 0)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup, or the file of a book.")],
    lose_newer: Annotated[
        bool,
        typer.Option("--lose-newer", help="Also when the book has entries that the backup lacks."),
    ] = False,
) -> None:
    """Bring the book to what a backup holds. What the book has and the backup lacks is never lost unasked.

    [bold]Examples[/]

      heft book restore /mnt/backup/heft-2026-11-27.sqlite
      heft book restore /mnt/backup/heft-2026-11-27.sqlite --lose-newer
    """
    import os

    from serviceheft.book import housing, moving

    if not os.environ.get("HEFT_BOOK"):
        housing.make_data_directory()
    done = moving.restore(settings.book_url(), file, lose_newer=lose_newer)
    if done.aside:
        say(f"What was the book before lies in {done.aside}.")
    say(f"{done.where}: {done.held}, as in {file}, proved by reading it back.")


@app.command()
def move(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="sqlite:////folder/heft.sqlite or postgresql://user@server/database"
        ),
    ],
) -> None:
    """Move the book to another database, with all its entries, proved before and after.

    [bold]Examples[/]

      heft book move postgresql://heft@books.example/heft
      heft book move sqlite:////srv/heft/heft.sqlite
    """
    import os

    from serviceheft.book import moving
    from serviceheft.running.session import open_book

    open_book().close()
    before = settings.book_url()
    done = moving.move(before, url, now=settings.now())
    if os.environ.get("HEFT_BOOK"):
        say("HEFT_BOOK still names the old one: set it to the new address.")
    else:
        moving.remember(url)
    say(f"{done.where} is the book now: {done.held}, proved before and after.")
    say("The old one stays for reading; each of its chains ends by saying where the book went.")


@app.command()
def acknowledge(
    customer: CustomerArgument,
    reason: Annotated[str, typer.Option(help="What was wrong, in a sentence. Goes into the book as it is.")],
) -> None:
    """Say that this machine's clock is right, after it was wrong or was not trusted. What a clock that was ahead has
    stamped counts for no period from then on.

    [bold]Example[/]

      heft book acknowledge musterbau --reason "The clock was a week ahead after the battery failed; NTP runs again"
    """
    from serviceheft.book.acknowledging import acknowledge as say_right
    from serviceheft.running import evidence
    from serviceheft.running.session import clock, open_book

    with open_book() as book:
        wrong = say_right(
            book, customer, who=evidence.technician(), reason=reason, now=settings.now(), clock=clock()
        )
    if wrong:
        say(
            f"{customer}: {wrong} entries of a clock that was ahead; their stamps count for no period from now on."
        )
    say(f"{customer}: recorded. Runs go on.")

"""heft anchor: signed heads of the book, the key that signs them, and the second place where they are kept."""

from typing import Annotated

import typer

from serviceheft import settings
from serviceheft.cli.customers import Refused
from serviceheft.screen import say

app = typer.Typer(
    help="Signed heads of the book in a second place (HEFT_ANCHORS), which heft verify checks the book against.",
    no_args_is_help=True,
)


def tell_what_waits() -> None:
    """Said at each command: what is not in the second place yet proves nothing."""
    outbox_folder = settings.data_directory() / "outbox"
    if any(outbox_folder.glob("*.jsonl")):  # looked at before the book's database is imported
        from serviceheft.book import outbox

        if told := outbox.told():
            say(told, error=True)


@app.command()
def key() -> None:
    """Show the public key that signs here, and those that are trusted besides.

    [bold]Example[/]

      heft anchor key
    """
    from serviceheft.book import signing

    public = signing.own_public()
    if public is None:
        say("There is no key yet: the first run makes one.")
        return
    say(f"{public} (short: {signing.key_id(public)}), kept in {signing.key_file()}")
    for known, comment in signing.trusted().items():
        if known != public:
            say(f"Trusted: {known} (short: {signing.key_id(known)}), {comment}")


@app.command()
def trust(
    public: Annotated[str, typer.Argument(metavar="KEY", help="A public key, as heft anchor key prints it.")],
    who: Annotated[str, typer.Option(help="Whose it is, and how you know.")],
) -> None:
    """Let another installation's signatures count here, after comparing its key with what its owner sees.

    [bold]Example[/]

      heft anchor trust Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE= --who "Bert's machine, read out on the phone"
    """
    from serviceheft.book import signing

    if not signing.is_public_key(public):
        raise Refused(f"{public!r} is no public key. Copy it from heft anchor key, = at the end included.")
    if public in signing.trusted():
        raise Refused("This key is trusted already.")
    if not who.strip():
        raise Refused("Say whose key it is: --who TEXT")
    signing.trust(public, f"of {who.strip()}")
    say(f"Signatures by {signing.key_id(public)} count from now on.")


@app.command()
def rotate(
    lost: Annotated[
        bool, typer.Option("--lost", help="The old key is gone and cannot sign the new one.")
    ] = False,
) -> None:
    """Sign with a new key from now on. The old key signs it over, so who trusted that one can go on.

    [bold]Examples[/]

      heft anchor rotate
      heft anchor rotate --lost
    """
    from serviceheft.book import signing

    try:
        made = signing.rotate(settings.now(), lost=lost)
    except signing.KeyMissing as error:
        raise Refused(str(error)) from None
    say(f"{made.public} (short: {signing.key_id(made.public)}) signs from now on.")
    if lost:
        say("Nobody signed it over: tell everybody who checks signatures, by another way than this machine.")


@app.command()
def deliver(
    again: Annotated[
        bool,
        typer.Option("--again", help="Also all that was delivered before, after a place was cleaned away."),
    ] = False,
) -> None:
    """Take to the second place what waits in the outbox.

    [bold]Examples[/]

      heft anchor deliver
      heft anchor deliver --again
    """
    from serviceheft.book import outbox, proving
    from serviceheft.book.places import shown
    from serviceheft.running.session import open_book

    told = proving.again(open_book(), settings.now()) if again else outbox.deliver(settings.now())
    if told:
        say(told)
        raise typer.Exit(1)
    say(f"All signed heads are in {shown(settings.anchors_place())}.")

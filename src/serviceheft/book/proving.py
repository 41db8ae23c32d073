"""The book against its anchors: what cutting off, rolling back, writing anew, deleting and moving leave to be seen."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from serviceheft.book import outbox, reading
from serviceheft.book.anchors import Anchor, given, hashes
from serviceheft.book.appending import head_of
from serviceheft.book.book import Book
from serviceheft.book.chain import GENESIS, Head
from serviceheft.book.folding import moment
from serviceheft.book.places import Place, Undelivered
from serviceheft.book.signing import followers, key_id, own_publics, trusted
from serviceheft.settings import BERLIN


@dataclass(frozen=True)
class Held:
    """An anchor and where it was found."""

    anchor: Anchor
    place: str


@dataclass
class Outside:
    """All that is kept outside of the book: anchors, and what is wrong with their places."""

    held: list[Held] = field(default_factory=list)
    #: Places that were read, the own copy left out.
    read: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    #: Whether the place was named, and so is everybody's.
    shared: bool = field(default_factory=lambda: bool(os.environ.get("HEFT_ANCHORS")))

    def of(self, customer: str) -> list[Held]:
        return [it for it in self.held if it.anchor.customer == customer]

    def customers(self) -> set[str]:
        return {it.anchor.customer for it in self.held}


@dataclass(frozen=True)
class Proof:
    """One customer: its head, how far anchors reach, and every contradiction between book and anchors."""

    customer: str
    head: Head
    anchored: Anchor | None
    waiting: int
    contradictions: tuple[str, ...]

    @property
    def reach(self) -> str:
        """What the anchors prove of the book, and what is not proven."""
        if self.anchored is None:
            return (
                "no anchor: that its end was not cut off, that it was not rolled back and not written anew as a "
                "whole is not proven"
            )
        after = (
            self.head.number - self.anchored.number - 1
        )  # the anchor's own entry follows the head it signs
        said = f"anchored up to entry {self.anchored.number} ({_at(self.anchored)}, key {key_id(self.anchored.key)})"
        return f"{said}; not proven: the {after} entries after it" if after > 0 else said


def gathered(places: Iterable[Place], own: Place) -> Outside:
    """Read every place. What cannot be read is a trouble, not an empty place."""
    found = Outside()
    for place in places:
        try:
            files = place.read()
        except Undelivered as error:
            found.troubles.append(f"Not proven against {place.name}: {error}.")
            continue
        if files is None:
            found.troubles.append(
                f"Not proven against {place.name}: it cannot be read from here. Save its lines into a file: "
                "heft verify --anchors FILE"
            )
            continue
        if place.name != own.name:
            found.read.append(place.name)
        add(found, files)
    return found


def add(found: Outside, files: Mapping[str, Sequence[str]], *, among_others: bool = False) -> None:
    """Take lines in. `among_others`: they stand in a saved mail, whose other lines are nobody's business."""
    for name, lines in files.items():
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            if anchor := Anchor.parsed(line):
                found.held.append(Held(anchor, name))
            elif not among_others:
                found.troubles.append(f"{name} line {number} is no anchor: it was damaged or put there.")


def prove(book: Book, outside: Outside, customer: str | None = None) -> list[Proof]:
    """Every chain of the book and every customer that an anchor knows, or the one named."""
    with book.store.reading() as connection:
        names = {customer} if customer else {*reading.customers(connection), *outside.customers()}
        known = {name: given(connection, name) for name in names}
        words = [
            word
            for anchor in [
                *(it.anchor for it in outside.held),
                *(it for some in known.values() for it in some),
            ]
            for word in anchor.handovers
        ]
        keys = followers(trusted(), set(words))
        waiting = outbox.waiting()
        proofs = []
        for name in sorted(names):
            anchors = [*outside.of(name), *(Held(it, "the book") for it in known[name])]
            there = hashes(connection, name, (it.anchor.number for it in anchors))
            head = head_of(connection, name) or Head(0, GENESIS)
            lines = set(waiting.get(name, ()))
            judged = _Judged(name, head, there, keys)
            for held in anchors:
                judged.one(held)
            judged.strange()
            judged.together(anchors)
            judged.lost(known[name], outside, lines)
            proofs.append(Proof(name, head, judged.reaching, len(lines), tuple(judged.said)))
        return proofs


class _Judged:
    """The contradictions of one customer, each said once."""

    def __init__(self, customer: str, head: Head, there: Mapping[int, str], keys: set[str]) -> None:
        self.customer, self.head, self.there, self.keys = customer, head, there, keys
        self.said: dict[str, None] = {}
        self.reaching: Anchor | None = None
        self._strange: dict[tuple[str, str], list[int]] = {}

    def one(self, held: Held) -> None:
        anchor = held.anchor
        what = f"{self.customer}: anchor {anchor.anchor} ({held.place})"
        if not anchor.genuine:
            self._say(f"{what}: its signature does not fit: it was changed or made up.")
        elif anchor.key not in self.keys:
            self._strange.setdefault((anchor.key, held.place), []).append(anchor.anchor)
        else:
            self._compare(anchor)

    def strange(self) -> None:
        """Keys that nobody here has said to trust: once for each key and place."""
        for (key, place), numbers in self._strange.items():
            which = (
                f"anchor {numbers[0]}"
                if len(numbers) == 1
                else f"{len(numbers)} anchors from {min(numbers)} on"
            )
            self._say(
                f"{self.customer}: {which} ({place}) signed by a key that is not trusted here, {key_id(key)}. Is it a "
                f"colleague's, compare it with theirs (heft anchor key), then: heft anchor trust {key}"
            )

    def _compare(self, anchor: Anchor) -> None:
        when = f"when anchor {anchor.anchor} was given ({_at(anchor)})"
        if self.head.number == 0:
            self._say(
                f"{self.customer}: the book has no entry of it, and had {anchor.number} {when}: it was deleted."
            )
        elif anchor.number not in self.there:
            self._say(
                f"{self.customer}: the book ends at entry {self.head.number}, and had entry {anchor.number} {when}: it "
                "was cut off or rolled back."
            )
        elif self.there[anchor.number] != anchor.hash:
            self._say(
                f"{self.customer}: entry {anchor.number} had another hash {when}: it, or an entry before it, was "
                "written anew, moved or changed."
            )
        else:
            if self.reaching is None or anchor.number > self.reaching.number:
                self.reaching = anchor

    def together(self, anchors: Sequence[Held]) -> None:
        """Anchors must agree with each other: one for each number, each covering the one before."""
        genuine = {
            it.anchor.line: it.anchor for it in anchors if it.anchor.genuine and it.anchor.key in self.keys
        }
        counts = Counter(it.anchor for it in genuine.values())
        for number in sorted(it for it, count in counts.items() if count > 1):
            self._say(
                f"{self.customer}: there are two anchors {number} with different contents: the book was rolled back "
                "and written on."
            )
        digests = {it.anchor: it.digest for it in genuine.values() if counts[it.anchor] == 1}
        retired: set[str] = set()
        for anchor in sorted(genuine.values()):
            before = digests.get(anchor.anchor - 1)
            if before and anchor.previous != before and counts[anchor.anchor] == 1:
                self._say(f"{self.customer}: anchor {anchor.anchor} does not follow the one before it.")
            if anchor.key in retired:
                self._say(
                    f"{self.customer}: anchor {anchor.anchor} is signed by the key {key_id(anchor.key)}, which had "
                    "been handed over before."
                )
            retired |= {word.old for word in anchor.handovers if word.holds} - {anchor.key}

    def lost(self, known: Sequence[Anchor], outside: Outside, waiting: set[str]) -> None:
        """Anchors that the book gave out must be in the second place, or wait in the outbox."""
        if not outside.read:
            return
        there = {it.anchor.line for it in outside.held if not it.place.startswith(_own_folder())}
        # Places that are not shared hold what this installation gave out, and not what colleagues did.
        expected = [it for it in known if outside.shared or it.key in own_publics()]
        gone = [it.anchor for it in expected if it.line not in there and it.line not in waiting]
        if gone:
            span = (
                f"anchor {gone[0]} is"
                if len(gone) == 1
                else f"{len(gone)} anchors, {gone[0]} to {gone[-1]}, are"
            )
            self._say(
                f"{self.customer}: {span} missing in {', '.join(outside.read)}: emptied, cut, or cleaned away. When "
                "you know why: heft anchor deliver --again"
            )

    def _say(self, message: str) -> None:
        self.said.setdefault(message)


def _own_folder() -> str:
    return f"{outbox.own_copy().path}/"


def _at(anchor: Anchor) -> str:
    try:
        return f"{moment(anchor.at).astimezone(BERLIN):%d.%m.%Y %H:%M}"
    except ValueError:
        return "at an unknown time"


def again(book: Book, now: datetime) -> str:
    """Take all anchors that the book knows to the second place once more; what is to be told."""
    with book.store.reading() as connection:
        for name in reading.customers(connection):
            lines = [it.line for it in given(connection, name)]
            if lines:
                outbox.keep({name: lines})
    return outbox.deliver(now)

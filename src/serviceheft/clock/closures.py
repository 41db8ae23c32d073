"""Which days are no service days, and why.

Public holidays come from the `holidays` library (country DE), which knows them for 1991 to 2100; a calendar
refuses other years rather than counting them without holidays.

Importing the library loads every country of the world and takes about a second, so it happens when the first
year is worked out and not before. A process that forks workers should ask for a deadline first.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from serviceheft.i18n import N_

#: Years and Laender as the library has them (a test compares).
FIRST_YEAR = 1991
LAST_YEAR = 2100
BUNDESLAENDER = (
    *("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV"),
    *("NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"),
)

#: Laender in which a holiday depends on the municipality, and that holiday.
MUNICIPAL_HOLIDAYS = {"BY": "Mariä Himmelfahrt", "SN": "Fronleichnam", "TH": "Fronleichnam"}

CATHOLIC = "catholic"
AUGSBURG = "Augsburg"


class ClockError(ValueError):
    """The clock was asked something that it cannot answer; the message says what and what to do."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an interval counts or not: an English msgid and the one value that fills it ("" for none)."""

    msgid: str
    value: str = ""

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, translated; the value (a holiday's German name, a day "24.12.") stays as it is."""
        return translate(self.msgid).format(value=self.value)

    def __str__(self) -> str:
        return self.text()


COUNTED = Reason(N_("service hours"))
OUTSIDE = Reason(N_("outside service hours"))
WEEKEND = Reason(N_("weekend"))
_HOLIDAY = N_("public holiday {value}")
_CLOSED = N_("closed by contract {value}")


def check_place(bundesland: str, municipality: str | None) -> None:
    """Refuse a place whose holidays cannot be told.

    `municipality` matters in three Laender only. In BY, SN and TH one holiday is kept by municipalities with
    a Catholic majority; which these are follows the census and changes, so it is not guessed from a name but
    said: "catholic" (keeps it) or nothing (does not). In BY "Augsburg" adds the Friedensfest as well.
    Anywhere else any name is accepted and changes nothing.

    Raises ClockError.
    """
    if bundesland not in BUNDESLAENDER:
        raise ClockError(
            f"Bundesland {bundesland!r} is none of {', '.join(BUNDESLAENDER)}. Write one of them."
        )
    if municipality is None or bundesland not in MUNICIPAL_HOLIDAYS:
        return
    known = [AUGSBURG, CATHOLIC] if bundesland == "BY" else [CATHOLIC]
    if municipality not in known:
        holiday = MUNICIPAL_HOLIDAYS[bundesland]
        raise ClockError(
            f"municipality {municipality!r} does not say whether {holiday} is kept there "
            f"({bundesland}). Write {' or '.join(map(repr, known))}; leave it out where the day is not kept."
        )


def check_closed_days(days: Iterable[str]) -> tuple[str, ...]:
    """The closing days, sorted and without repetition; each is "MM-DD", "02-29" holds in leap years only.

    Raises ClockError.
    """
    for day in days:
        try:
            if not re.fullmatch(r"\d\d-\d\d", day, re.ASCII):
                raise ValueError
            date.fromisoformat(f"2024-{day}")  # a leap year
        except ValueError:
            raise ClockError(
                f'closing day {day!r} is no day of a year. Write it as "MM-DD", for example "12-24".'
            ) from None
    return tuple(sorted(set(days)))


def closures(
    bundesland: str, municipality: str | None, closed_days: Iterable[str], year: int
) -> dict[date, Reason]:
    """Public holidays and closing days of one year. A holiday on a closing day is named as the holiday.

    Raises ClockError for years without known holidays.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ClockError(
            f"The clock knows the public holidays of {FIRST_YEAR} to {LAST_YEAR}, not of {year}."
        )
    wanted = set(closed_days)
    closed = {
        day: Reason(_CLOSED, f"{day.day:02}.{day.month:02}.")
        for day in (
            date.fromordinal(n) for n in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
        )
        if f"{day:%m-%d}" in wanted
    }
    return closed | {
        day: Reason(_HOLIDAY, name) for day, name in _public_holidays(bundesland, municipality, year).items()
    }


def _public_holidays(bundesland: str, municipality: str | None, year: int) -> dict[date, str]:
    import holidays  # late, see above

    augsburg = bundesland == "BY" and municipality == AUGSBURG
    return dict(
        holidays.country_holidays(
            "DE",
            subdiv=AUGSBURG if augsburg else bundesland,
            years=year,
            expand=False,
            language="de",
            categories=("public", "catholic") if municipality == CATHOLIC else ("public",),
        )
    )

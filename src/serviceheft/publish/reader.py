"""How one reader wants texts, dates and numbers: the customer's language, Europe/Berlin."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal

from serviceheft import clock
from serviceheft.i18n import N_, translations
from serviceheft.settings import BERLIN

_LOCALES = {"de": Locale("de", "DE"), "en": Locale("en", "GB")}
_DAY = {"de": "dd.MM.yyyy", "en": "d MMM yyyy"}
_SHORT_DAY = {"de": "d.M.", "en": "d MMM"}
_LONG_MOMENT = {"de": "EEEE, d. MMMM yyyy, HH:mm 'Uhr'", "en": "EEEE, d MMMM yyyy, HH:mm"}
_MOMENT = {"de": "dd.MM.yyyy HH:mm", "en": "d MMM yyyy, HH:mm"}
_UNITS = ("B", "KB", "MB", "GB", "TB")

#: A point in time as normal forms and causes carry it: ISO 8601 with a zone.
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
#: Of a larger number Babel would not know the last digits.
_BABEL_COUNTS = 10**15
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Reader:
    """Texts, dates and numbers in one language. ValueError for a language that is not offered."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._translations = translations(language)
        self._locale = _LOCALES[language]
        self._known: dict[str, str] = {}
        # Babel takes 0.2 ms for a number or a date, and pages are full of the same ones.
        self.moment = lru_cache(maxsize=1 << 14)(self._moment)
        self.number = lru_cache(maxsize=1 << 12, typed=True)(self._number)

    def gettext(self, message: str, **values: object) -> str:
        """The message in the reader's language; {placeholders} are filled with values as they are."""
        if not message:  # gettext answers "" with the catalogue's header
            return ""
        text = self._known.get(message)
        if text is None:
            text = self._known[message] = self._translations.gettext(message)
        return text.format(**values) if values else text

    def ngettext(self, singular: str, plural: str, count: int, **values: object) -> str:
        return self._translations.ngettext(singular, plural, count).format(
            **{"count": self.number(count), **values}
        )

    def sentence(self, message: str, values: dict[str, object]) -> str:
        """A cause's sentence; its values are written as the reader writes dates, numbers and yes or no."""
        return self.gettext(message).format(**{name: self.plain(value) for name, value in values.items()})

    def plain(self, value: object) -> str:
        """A value whose kind is seen by looking at it."""
        match value:
            case None | "":
                return self.gettext(N_("unknown"))
            case bool():
                return self.yes_no(value)
            case int() | float():
                return self.number(value)
            case datetime():
                return self.moment(value)
            case date():
                return self.day(value)
            case str():
                return self._date_in(value) or value
        return str(value)

    def _date_in(self, text: str) -> str | None:
        """A text that is a date or a point in time; None for another, such as a version 2026-13-45."""
        with suppress(ValueError, OverflowError):
            if _ISO_MOMENT.fullmatch(text):
                return self.moment(datetime.fromisoformat(text))
            if _ISO_DAY.fullmatch(text):
                return self.day(date.fromisoformat(text))
        return None

    def yes_no(self, value: object) -> str:
        return self.gettext(N_("yes")) if value else self.gettext(N_("no"))

    def day(self, value: date) -> str:
        return format_date(_local(value), _DAY[self.language], self._locale)

    def short_day(self, value: date) -> str:
        return format_date(_local(value), _SHORT_DAY[self.language], self._locale)

    def long_moment(self, value: datetime) -> str:
        return format_datetime(value.astimezone(BERLIN), _LONG_MOMENT[self.language], locale=self._locale)

    def _moment(self, value: datetime) -> str:
        return format_datetime(value.astimezone(BERLIN), _MOMENT[self.language], locale=self._locale)

    def _number(self, value: float, digits: int = 1) -> str:
        if not abs(value) < _BABEL_COUNTS:  # nor what is no number
            return str(value)
        return format_decimal(value, format="#,##0." + "#" * digits, locale=self._locale)

    def size(self, count: float) -> str:
        """Bytes in the largest unit that leaves a whole number, 1 KB being 1,024 bytes as Windows counts."""
        step = 0
        while count >= 1024 and step < len(_UNITS) - 1:
            count, step = count / 1024, step + 1
        return f"{self.number(count)} {_UNITS[step]}"

    def days(self, count: float) -> str:
        return self.ngettext("{count} day", "{count} days", round(count))

    def span(self, length: timedelta) -> str:
        """A length of time, roughly: "3 Tage", "5 Stunden"."""
        return format_timedelta(length, threshold=1.5, locale=self._locale)

    def ago(self, when: datetime, now: datetime) -> str:
        """The age of data: "vor 3 Stunden"."""
        return format_timedelta(when - now, threshold=1.5, add_direction=True, locale=self._locale)

    def period(self, period: str | None) -> str:
        """A period in words: "Kalenderwoche 47/2026 (16.11.2026 bis 22.11.2026)"."""
        if period is None:
            return ""
        first, last = clock.days_of(period)
        limits = self.gettext(N_("{first} to {last}"), first=self.day(first), last=self.day(last))
        year, _, part = period.partition("-")
        match part[:1]:
            case "W":
                name = self.gettext(N_("week {number}/{year}"), number=int(part[1:]), year=year)
            case "Q":
                name = self.gettext(N_("quarter {number}/{year}"), number=part[1:], year=year)
            case "":
                return year
            case _:
                return format_date(first, "LLLL yyyy", self._locale)
        return f"{name} ({limits})"

    def periods(self, spans: Sequence[tuple[str, str]]) -> str:
        """Unbroken rows of periods: "KW 40 bis 44/2026, KW 46/2026"."""
        return ", ".join(self._span(first, last) for first, last in spans)

    def _span(self, first: str, last: str) -> str:
        year, _, week = first.partition("-W")
        if not week:
            ends = [self.period(period).partition(" (")[0] for period in dict.fromkeys((first, last))]
        elif first == last:
            return self.gettext(N_("wk {number}/{year}"), number=int(week), year=year)
        elif last.startswith(f"{year}-"):
            return self.gettext(
                N_("wk {first} to {last}/{year}"), first=int(week), last=int(last[-2:]), year=year
            )
        else:
            ends = [self._span(first, first), self._span(last, last)]
        return (
            ends[0] if len(ends) == 1 else self.gettext(N_("{first} to {last}"), first=ends[0], last=ends[1])
        )


def _local(value: date) -> date:
    return value.astimezone(BERLIN).date() if isinstance(value, datetime) else value

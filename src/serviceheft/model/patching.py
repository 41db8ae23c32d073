"""What an inventory says about patch management beside plain values: days without changes, and exceptions."""

from typing import Self

from pydantic import model_validator

from serviceheft.model.fields import Date, KbArticle, MachineId, Model, Text, reject


class FreezeDays(Model):
    """Days on which no update is installed and nothing is restarted."""

    first_day: Date
    """First of the days."""
    last_day: Date
    """Last of the days; it is frozen, too."""
    reason: Text
    """Why, such as "Jahresabschluss"."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            reject(
                f"the freeze ends on {self.last_day}, before it begins on {self.first_day}",
                "Correct one of the two dates.",
            )
        return self


class UpdateException(Model):
    """An update that is handled differently from its category, for a time and for a reason."""

    kb: KbArticle | None = None
    """Its article, as KB5068861."""
    title: Text | None = None
    """Or its title, where * stands for any text: "*Preview*"; upper and lower case are the same."""
    update_id: MachineId | None = None
    """Or the update's own id (UpdateID), as the device's page shows it; only that can accept a new Windows release."""
    reason: Text
    """Why, so that somebody else can decide when it is over."""
    expires: Date
    """Last day on which it holds."""

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if sum(it is not None for it in (self.kb, self.title, self.update_id)) != 1:
            reject("names none or several of kb, title and update_id", "Write one of the three.")
        if self.title is not None and not self.title.strip("*? "):
            reject("the title fits every update", 'Name a part of it, as "*Preview*".')
        return self

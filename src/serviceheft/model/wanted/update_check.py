"""What an inventory may say of update_check: Windows updates, as they are checked (3.1)."""

from typing import Annotated, Literal

from pydantic import Field

from serviceheft.model.categories import CategoryName
from serviceheft.model.fields import (
    Date,
    Model,
)
from serviceheft.model.levels import Days


class ToleratedDays(Model):
    """For how many days an update of each severity may be missing before it is a finding."""

    critical: int = Field(ge=0)
    """Severity critical."""
    important: int = Field(ge=0)
    """Severity important."""
    moderate: int = Field(ge=0)
    """Severity moderate."""
    low: int = Field(ge=0)
    """Severity low."""
    unspecified: int = Field(ge=0)
    """Updates for which Microsoft names no severity."""


class Wanted(Model):
    """Its variables."""

    update_check_tolerated_days: ToleratedDays
    """For how many days an update may be missing, by severity. (3.1)"""
    update_check_categories: Annotated[list[CategoryName], Field(min_length=1)]
    """Categories of updates that are to be on the device, such as SecurityUpdates; "*": all. (3.1)"""
    update_check_maximum_installation_age_days: Days
    """A longer time since the last cumulative update of Windows is a finding, whatever the search says. (3.1)"""
    update_check_support_warning_days: Annotated[int, Field(ge=0, le=1000)]
    """So many days before Microsoft stops maintaining a device's Windows, a finding says so. (3.1)"""
    update_check_extended_support_until: Date | None
    """Last day of extended support (ESU) that was bought for the device's Windows; null: none. (3.1)"""
    update_check_server_selection: Literal["default", "managed_server", "windows_update"]
    """Where updates are searched: as the device is set up, its WSUS, or Microsoft. (3.1)"""
    update_check_maximum_deferral_days: Annotated[int, Field(ge=0, le=365)]
    """Updates that Windows is set to put off by more days are a finding. (3.1)"""
    update_check_automatic_updates: bool
    """Whether Windows is to update itself. (3.1)"""

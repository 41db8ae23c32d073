"""An inventory on its way from documents to a customer; what the checks are made on."""

from dataclasses import dataclass, field
from typing import Any

from serviceheft.model.hosts import HostEntry
from serviceheft.model.layout import Folder
from serviceheft.model.resolution import Settings
from serviceheft.model.yamlfile import Document


@dataclass
class Draft:
    """An inventory while it is read: the parts that are sound, and where each was written."""

    folder: Folder
    sections: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Document] = field(default_factory=dict)
    provider: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, HostEntry] = field(default_factory=dict)
    settings: dict[str, Settings] = field(default_factory=dict)
    everyone: Settings = field(default_factory=dict)

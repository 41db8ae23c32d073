"""What is wrong with a machine on purpose."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Faults:
    """Faults of one machine, read from faults/<host>.json at every connection and task.

    off: nothing listens. wrong_password: every password is wrong. expired_certificate: a month over.
    cut_after_bytes: so many bytes of answers per connection, then RST. slow_seconds: each HTTP answer waits.
    disk_full: nothing can be written. reboot_never_ends: once told to reboot, the machine stays away.
    answers_as: the name of another machine of the lab that answers under this one's address (DNS points at it);
    shows_certificate_of_another: so does its certificate.
    drip_seconds: answers come a byte at a time, so far apart. endless: they never end. packed: 50 kB that unpack to
    50 MB. redirect_to: where every request is sent instead. never_done: no command ends, as each answer says at once.
    feed_away: the source of packages cannot be reached. broken_packages: their installation fails (small letters).
    package_exits: exit code of a package's installer. kept_programs: packages whose uninstaller fails unheard.
    """

    off: bool = False
    wrong_password: bool = False
    expired_certificate: bool = False
    cut_after_bytes: int | None = None
    slow_seconds: float = 0.0
    drip_seconds: float = 0.0
    endless: bool = False
    packed: bool = False
    redirect_to: str | None = None
    never_done: bool = False
    disk_full: bool = False
    reboot_never_ends: bool = False
    answers_as: str | None = None
    shows_certificate_of_another: bool = False
    feed_away: bool = False
    broken_packages: tuple[str, ...] = ()
    package_exits: dict[str, int] = field(default_factory=dict)
    kept_programs: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Faults":
        """Faults in the file at `path`, none when there is no such file; ValueError for an unknown fault."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        unknown = set(data) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"{path}: unknown fault {', '.join(sorted(unknown))}")
        return cls(**data)

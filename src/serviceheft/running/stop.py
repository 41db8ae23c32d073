"""The provider's emergency brake: a file that keeps every run from changing anything."""

from serviceheft import settings

_LONGEST = 200


def stop_reason() -> str | None:
    """Why nothing may be changed now; None when something may.

    A file that is there and cannot be read stops as well.
    """
    path = settings.stop_file()
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline(_LONGEST).strip()
    except FileNotFoundError:
        return None
    except OSError:
        first = ""
    return first or "no reason was written into the stop file"

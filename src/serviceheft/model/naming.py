"""Names in messages."""


def some(hosts: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(hosts[:3])
    return shown if len(hosts) <= 3 else f"{shown} and {len(hosts) - 3} more"

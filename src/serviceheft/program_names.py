"""Names of programs as an inventory gives them: whole, or with a * at the end for any end. Case counts nowhere."""


def fits(pattern: str, name: str) -> bool:
    """Whether a program's name is the one that the inventory gives."""
    wanted, told = pattern.casefold(), name.casefold()
    return told.startswith(wanted[:-1]) if wanted.endswith("*") else told == wanted


def overlap(one: str, other: str) -> bool:
    """Whether a program can have a name that fits both."""
    mine, theirs = one.casefold(), other.casefold()
    if mine.endswith("*") and theirs.endswith("*"):
        return mine.startswith(theirs[:-1]) or theirs.startswith(mine[:-1])
    return fits(one, other) or fits(other, one)

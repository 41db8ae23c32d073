"""Write anew all that is generated from the declarations of services, variables and texts; tests compare."""

import sys
from pathlib import Path

from serviceheft import i18n, plays, role_meta, settings
from serviceheft.model import editor, reference


def main() -> int:
    """Exit code 1 while a text lacks its translation."""
    editor.main()
    reference.main()
    plays.write(settings.REPOSITORY / "playbooks")
    role_meta.write(Path(settings.REPOSITORY) / "roles")
    return i18n.main()


if __name__ == "__main__":
    sys.exit(main())

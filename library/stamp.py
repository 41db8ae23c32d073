# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/stamp.py."""

DOCUMENTATION = r"""
module: stamp
short_description: Judge a service on all hosts of the play, and write it into the book
description:
  - Judges by the run's visits, for all hosts at once, and writes a stamp for each that was reached, with its findings
    and its tickets. They are on disk when the task is done. If they cannot be written, the run ends.
  - A host on which something is to be mended is put into the group C(mending_2_7) or the like, and gets what is to be
    done as the variable C(<role>_steps).
options:
  service:
    description:
      - The service's role.
    type: str
    required: true
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "2.7 | Judge and stamp"
  stamp:
    service: antivirus_check
"""

RETURN = r"""
stamps:
  description: What was written, and what became of it.
  returned: always
  type: list
  elements: dict
"""

# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/open_run.py."""

DOCUMENTATION = r"""
module: open_run
short_description: Put the hosts into the groups of what is owed to them
description:
  - Fills the groups C(owed), C(owed_2_7) and so on, on which the plays of the services are.
  - The run itself is opened by the callback C(heft) before the first play, which reads this task's arguments.
options:
  cadence:
    description:
      - Only the services that come round as often, such as V(weekly); left out, all that is owed.
    type: str
  emergency:
    description:
      - Whether this is the playbook that installs one named update now; no other one does.
    type: bool
    default: false
  only_validate:
    description:
      - Check the inventory and touch nothing.
    type: bool
    default: false
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "Open the run"
  open_run:
    cadence: weekly
"""

RETURN = r"""
plan:
  description: The period of each service that is owed, by host and service number.
  returned: always
  type: dict
"""

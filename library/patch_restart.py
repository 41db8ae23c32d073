# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/patch_restart.py."""

DOCUMENTATION = r"""
module: patch_restart
short_description: Decide, right before it, whether a host is restarted for what was installed
description:
  - Asks the clock and the visit that was just made, not what was known before the installation.
options:
  install:
    description:
      - What M(windows_update_install) returned.
    type: dict
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection.
"""

EXAMPLES = r"""
- name: "3.2 | Decide upon the restart"
  patch_restart:
    install: "{{ patch_management_install }}"
  register: patch_management_decision
"""

RETURN = r"""
decision:
  description: Whether a restart is needed, whether it is made now, and the code of the reason that speaks against it.
  returned: always
  type: dict
"""

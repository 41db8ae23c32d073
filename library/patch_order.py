# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/patch_order.py."""

DOCUMENTATION = r"""
module: patch_order
short_description: Decide once more, just before, what is done on each host of a ring
description:
  - Decides by rings, maintenance windows, caps and what pilots showed. A host that acts now gets its order as the
    variable C(patch_management_steps); one that waits after all is stamped.
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "3.2 | Decide once more, just before, and stamp who waits after all"
  patch_order:
"""

RETURN = r"""
stamps:
  description: What was written, and what became of it.
  returned: always
  type: list
  elements: dict
"""

# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/patch_order.py."""

DOCUMENTATION = r"""
module: patch_order
short_description: Give every host of the play its order for patch management
description:
  - Decides by rings, maintenance windows, caps and what pilots showed.
options:
  plan:
    description:
      - Also put the hosts that are to be changed into the groups C(patching_pilot) and C(patching_broad).
    type: bool
    default: false
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "3.2 | Decide who is brought up to date now"
  patch_order:
    plan: true
  register: patch_management_plan
  run_once: true
"""

RETURN = r"""
orders:
  description: By host, what is to be done now and the judgement that is stamped before.
  returned: always
  type: dict
"""

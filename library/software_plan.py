# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/software_plan.py."""

DOCUMENTATION = r"""
module: software_plan
short_description: Plan what standard software each host of the play needs
description:
  - Once for all of them, since the cap on removals holds for the whole run.
options:
  facts:
    description:
      - Name of the variable in which each host has what win_chocolatey_facts returned.
    type: str
    required: true
  visit:
    description:
      - Name of the variable in which each host has its visit.
    type: str
    required: true
  asked:
    description:
      - Name of the variable in which each host has what the question to the source returned.
    type: str
    required: true
  maximum_removals:
    description:
      - So many applications may be removed in this run, on all hosts together.
    type: int
    required: true
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "3.3 | Plan"
  software_plan:
    facts: standard_software_facts
    visit: visit_result
    asked: standard_software_asked
    maximum_removals: 3
  register: standard_software_plans
  run_once: true
"""

RETURN = r"""
plans:
  description: By host, what is to be installed, updated, removed, set up and switched off.
  returned: always
  type: dict
"""

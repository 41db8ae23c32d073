# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/keep_answer.py."""

DOCUMENTATION = r"""
module: keep_answer
short_description: Keep what a task returned for the service that judges by it later in this run
description:
  - It is kept in the run's private spool, and gone with the run.
options:
  name:
    description:
      - The name under which the service reads it.
    type: str
    required: true
  answer:
    description:
      - What the task returned.
    type: dict
    required: true
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection.
"""

EXAMPLES = r"""
- name: "3.3 | Keep the answer for the judgement"
  keep_answer:
    name: standard_software_asked
    answer: "{{ __standard_software_asked }}"
"""

RETURN = r"""
{}
"""

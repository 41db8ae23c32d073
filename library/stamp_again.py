# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/stamp_again.py."""

DOCUMENTATION = r"""
module: stamp_again
short_description: Judge a service anew after its role has acted, and write it into the book
description:
  - Judges one host by the visit that was made since, and by what the tasks returned.
options:
  service:
    description:
      - The service's role.
    type: str
    required: true
  results:
    description:
      - What the tasks returned, by the names that the service gives them. Those that were skipped are left out.
    type: dict
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection.
"""

EXAMPLES = r"""
- name: "3.1 | Judge and stamp again"
  stamp_again:
    service: update_check
    results:
      service: "{{ __update_check_service }}"
"""

RETURN = r"""
stamps:
  description: What was written, and what became of it.
  returned: always
  type: list
  elements: dict
"""

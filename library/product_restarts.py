# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/product_restarts.py."""

DOCUMENTATION = r"""
module: product_restarts
short_description: Since when an installer has wanted a restart of each host
description:
  - As the last visits measured it, from the book; whether the host has started since is judged by the next visit.
options: {}
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "4.3 | Read in the book since when an installer wants a restart"
  product_restarts:
  register: business_software_told
  run_once: true
"""

RETURN = r"""
restarts:
  description: By host, the time (ISO 8601, UTC); hosts without such a wish are not there.
  returned: always
  type: dict
"""

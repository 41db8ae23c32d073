# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/gravityzone_endpoints.py."""

DOCUMENTATION = r"""
module: gravityzone_endpoints
short_description: Ask a GravityZone console once for all hosts of the play
description:
  - >-
    Asked are the hosts on which Bitdefender is wanted. A console that cannot be asked is no failure of the task, each
    host is judged as not measured, with the reason.
options:
  url:
    description:
      - The address of the console's JSON-RPC interface.
    type: str
    required: true
  api_key:
    description:
      - The key that the console gave out.
    type: str
    required: true
  ca:
    description:
      - The CA certificate that the console's is checked against; left out, the public ones.
    type: path
  parent_id:
    description:
      - The company or group of the console that is this customer's.
    type: str
  company_id:
    description:
      - The company of the console that is this customer's, where O(parent_id) is a group with groups below it.
    type: str
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "2.7 | Ask the scanner's console about all hosts at once"
  gravityzone_endpoints:
    url: "{{ antivirus_check_gravityzone_url }}"
    api_key: "{{ antivirus_check_gravityzone_api_key }}"
  no_log: true
"""

RETURN = r"""
{}
"""

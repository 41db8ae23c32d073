# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/stamp.py."""

DOCUMENTATION = r"""
module: stamp
short_description: Write one judged service of one host into the book
description:
  - The stamp, its findings and its tickets are on disk when the task is done. If they cannot be written, the run ends.
  - A host on which something is to be mended is put into the group C(mending_2_7) or the like.
options:
  service:
    description:
      - The service's number in the catalogue.
    type: str
    required: true
  judgement:
    description:
      - What a judging filter returned.
    type: dict
    required: true
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection.
"""

EXAMPLES = r"""
- name: "2.7 | Judge and stamp"
  stamp:
    service: "2.7"
    judgement: "{{ visit_result | update_judgement(__update_check_policy) }}"
"""

RETURN = r"""
stamp:
  description: What was written, and what became of it.
  returned: always
  type: dict
"""

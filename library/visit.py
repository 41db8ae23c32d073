# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/visit.py."""

DOCUMENTATION = r"""
module: visit
short_description: Visit all hosts of the play at once
description:
  - Collects raw state from all Windows hosts of the play in one task, with the script of M(windows_visit), as many at a
    time as C(--forks) says. What is collected from a host follows from the services that it is owed.
  - What hosts told goes into the run's spool, where the services read it; the result has numbers and codes only.
  - A host that is not reached, answers by half, or is another one than the inventory means takes no further part. All
    that it is owed is stamped with the reason. Other hosts are not affected, and the task does not fail.
  - Hosts with another connection than winrm or psrp, with C(ansible_become), or with a Kerberos ticket that the winrm
    connection makes, are put into the group C(visiting_alone), for M(windows_visit).
author:
  - Serviceheft contributors
notes:
  - It runs on the controller. It changes nothing on hosts, so it visits in check mode as well.
  - It needs the strategy C(linear), or another one that can run a task once for all hosts; C(free) refuses it.
"""

EXAMPLES = r"""
- name: Visit all hosts
  visit:
"""

RETURN = r"""
visited:
  description: How many hosts were visited.
  returned: always
  type: int
lost:
  description: Per host that takes no further part the code of the reason and the outcome that is stamped.
  returned: always
  type: dict
alone:
  description: Per host that needs a task of its own the reason.
  returned: always
  type: dict
"""

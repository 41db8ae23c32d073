# SPDX-License-Identifier: MIT
"""Documentation for ansible-doc; the work is done on the controller, by action_plugins/software_questions.py."""

DOCUMENTATION = r"""
module: software_questions
short_description: See on which hosts the software source must be asked why it does not tell what is newer
description:
  - Such a host gets the package to ask about as the variable C(standard_software_question), and is put into the group
    C(asking_3_3).
author:
  - Serviceheft contributors
notes:
  - It runs on the controller and needs no connection, once for all hosts of the play.
"""

EXAMPLES = r"""
- name: "3.3 | See where the source must be asked why it does not tell what is newer"
  software_questions:
"""

RETURN = r"""
{}
"""

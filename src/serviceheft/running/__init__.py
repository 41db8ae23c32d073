"""Carrying out what is owed: opening a run, recording as it goes on, summing up. Ansible does the work."""

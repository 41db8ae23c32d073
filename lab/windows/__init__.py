"""Emulated Windows hosts: they answer unmodified Ansible over winrm and psrp from a model of a machine.

The emulator proves our side: arguments, flow, idempotence, authentication, reboots, reports. It runs no
PowerShell, so it can prove nothing about Windows itself, and it fails on everything that it does not model.
"""

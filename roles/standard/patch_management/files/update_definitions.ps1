# lab: update_definitions
# Windows' own scanner loads its definitions from where it is set up to load them.
$ErrorActionPreference = 'Stop'
Update-MpSignature
$Ansible.Changed = $true

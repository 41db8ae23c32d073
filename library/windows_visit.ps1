#!powershell

# SPDX-License-Identifier: MIT

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell Ansible.ModuleUtils.RawState
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionWorker
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionIdentity
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionComputer
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionAntivirus
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionUpdates
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionSearch
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionVolumes
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionNetwork
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionPrograms
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionPackages
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionChocolatey
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionServices
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionAnyDesk
#AnsibleRequires -PowerShell Ansible.ModuleUtils.SectionSessions

# One visit for all services: raw objects under the property names that Windows gives them, dates as
# ISO 8601 in UTC. Nothing is decided here; Python does that, where it is tested.
#
# A section is the function Get-<Name>Section of the module Ansible.ModuleUtils.Section<Name>. What is not there ($null,
# an empty list) and what could not be read are two things: whatever a section reads stands inside Add-Part, and every
# error is a terminating one there, so that a part which failed stands in Errors and nowhere else.

$ErrorActionPreference = 'Stop'

# After so many seconds a section is given up, and the rest of the visit goes on.
$seconds = @{
    computer = 60
    antivirus = 60
    updates = 60
    search = 900
    volumes = 60
    network = 60
    programs = 60
    packages = 60
    chocolatey = 600
    services = 60
    anydesk = 90
    sessions = 60
}
$secondsForIdentity = 60

$spec = @{
    options = @{
        sections = @{
            type = 'list'
            elements = 'str'
            required = $true
            choices = @($seconds.Keys)
        }
        server_selection = @{
            type = 'str'
            default = 'default'
            choices = 'default', 'managed_server', 'windows_update'
        }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$arguments = @{
    search = @{ ServerSelection = $module.Params.server_selection }
}

$identity = (Invoke-Section -Function 'Get-IdentitySection' -Seconds $secondsForIdentity)['Section']
if ($null -eq $identity) {
    $identity = @{ Errors = @{ UUID = 'It could not be read.' }; Name = [Environment]::MachineName }
}

$sections = @{}
$errors = @{}
$milliseconds = @{}

foreach ($name in $module.Params.sections) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $given = if ($arguments.ContainsKey($name)) { $arguments[$name] } else { @{} }
    $answer = Invoke-Section -Function "Get-${name}Section" -Arguments $given -Seconds $seconds[$name]
    if ($answer.ContainsKey('Failure')) {
        $errors[$name] = $answer.Failure
    }
    else {
        $sections[$name] = $answer.Section
    }
    $milliseconds[$name] = $watch.ElapsedMilliseconds
}

$module.Result.changed = $false
$module.Result.collected_at = ConvertTo-UtcText -Value ([DateTime]::UtcNow)
$module.Result.identity = $identity
$module.Result.sections = $sections
$module.Result.errors = $errors
$module.Result.milliseconds = $milliseconds

$module.ExitJson()

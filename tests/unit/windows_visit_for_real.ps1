# Runs library/windows_visit.ps1 in PowerShell 7 for each case, as Ansible does: all modules in memory. A small Windows
# (windows_stand_in.ps1) takes the place of cmdlets. Cases, by |, name by commas what is broken; "limit NAME" leaves a
# section one second. Prints one line for each: what the module prints.
param ([string]$Repository, [string]$ModuleUtils, [string]$Folder, [string]$Cases)

Import-Module "$ModuleUtils/powershell/Ansible.ModuleUtils.AddType.psm1" -Global
Add-CSharpType -References (Get-Content -Raw "$ModuleUtils/csharp/Ansible.Basic.cs")
[Ansible.Basic.AnsibleModule]::Exit = { param ([int]$rc) throw "exit $rc" }
$source = Get-Content -Raw "$Repository/library/windows_visit.ps1"
$names = [regex]::Matches($source, '(?m)^#AnsibleRequires -PowerShell (\S+)').ForEach({ $_.Groups[1].Value })
$modules = @{}
foreach ($name in $names) { $modules[$name] = Get-Content -Raw "$Repository/module_utils/$name.psm1" }
$standIn = Get-Content -Raw "$PSScriptRoot/windows_stand_in.ps1"
$env:ProgramFiles = $null

foreach ($case in $Cases.Split('|')) {
    $modules['Ansible.ModuleUtils.StandIn'] = "`$Folder = '$Folder'; `$Case = '$case'`n$standIn"
    foreach ($name in $modules.Keys) {
        New-Module -Name $name -ScriptBlock ([ScriptBlock]::Create($modules[$name])) | Import-Module -Global -Force
    }
    ${env:ProgramFiles(x86)} = if ($case -like '*no program files*') { $null } else { $Folder }
    $global:complex_args = @{
        sections = @('computer', 'antivirus', 'updates', 'programs', 'anydesk', 'sessions')
        _ansible_remote_tmp = '/tmp'
        _ansible_keep_remote_files = $false
    }
    $text = if ($case -match 'limit (\w+)') { $source -replace "(?m)^    $($Matches[1]) = \d+$", "    $($Matches[1]) = 1" } else { $source }
    try { & ([ScriptBlock]::Create($text)) } catch { if ("$_" -notlike '*exit 0*') { throw } }
    [Console]::Out.WriteLine()
}
# Without waiting for what hangs.
[Environment]::Exit(0)

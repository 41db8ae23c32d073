# Runs library/windows_update_install.ps1 in PowerShell 7 for each case of a JSON file, with a stand-in for the Windows
# Update Agent. Prints two lines for each: what the module prints, and what it asked of the agent.
param ([string]$Repository, [string]$ModuleUtils, [string]$Cases)

$ErrorActionPreference = 'Stop'

function global:New-ComFailure([int]$HResult) {
    if ($HResult -eq -2147024891) { return [UnauthorizedAccessException]::new($global:Agent.denied) }
    $text = 'Exception from HRESULT: 0x{0:X8}' -f $HResult
    [Runtime.InteropServices.COMException]::new($text, $HResult)
}
function global:Add-Method($Object, [string]$Name, [ScriptBlock]$Code) {
    $Object | Add-Member -MemberType ScriptMethod -Name $Name -Value $Code
}
function global:New-Update($State) {
    $update = [pscustomobject]@{
        Identity = [pscustomobject]@{ UpdateID = $State.id; RevisionNumber = $State.revision }
        Categories = @(foreach ($id in $State.category_ids) { [pscustomobject]@{ CategoryID = $id } })
        Title = $State.title
        IsHidden = $State.hidden
        IsDownloaded = $State.downloaded
        EulaAccepted = $State.eula_accepted
        InstallationBehavior = if ($State.exclusive) { [pscustomobject]@{ Impact = 2 } } else { $null }
        State = $State
    }
    Add-Method $update AcceptEula {
        if ($this.State.eula_failure) { throw (New-ComFailure $this.State.eula_failure) }
        $this.EulaAccepted = $true
        $global:Asked.Add("accept $($this.Identity.UpdateID)")
    }
    $update
}
# What Download() and Install() answer: codes and HRESULTs one by one.
function global:New-Result([Object[]]$Rows) {
    $result = [pscustomobject]@{ Rows = $Rows }
    Add-Method $result GetUpdateResult { param ($index) $this.Rows[$index] }
    $result
}
function global:Get-Outcome($Update, [int]$Failure) {
    $code = if ($Failure -ne 0) { 4 } else { 2 }
    [pscustomobject]@{
        ResultCode = $code; HResult = $Failure
        # The agent says it of failed ones, too.
        RebootRequired = [bool]$Update.State.reboot_required
    }
}
function global:New-Worker([string]$Kind) {
    if ($global:Agent.refuses) { throw (New-ComFailure -2147024891) }
    $worker = [pscustomobject]@{
        Updates = $null; ClientApplicationID = ''; AllowSourcePrompts = $true; ForceQuiet = $false
        IsBusy = $global:Agent.busy; RebootRequiredBeforeInstallation = $global:Agent.restart
    }
    if ($Kind -eq 'download') {
        Add-Method $worker Download {
            $global:Asked.Add("download $(@($this.Updates | ForEach-Object { $_.Identity.UpdateID }) -join ' ')")
            if ($global:Agent.download_throws) { throw (New-ComFailure $global:Agent.download_throws) }
            New-Result @(foreach ($each in $this.Updates) {
                    if (-not $each.EulaAccepted) { throw 'licence terms were not accepted' }
                    Get-Outcome $each $each.State.download_failure
                })
        }
    }
    else {
        Add-Method $worker Install {
            $global:Asked.Add("install $(@($this.Updates | ForEach-Object { $_.Identity.UpdateID }) -join ' ')")
            if ($this.AllowSourcePrompts -or -not $this.ForceQuiet) { throw 'it would ask somebody' }
            if ($global:Agent.install_throws) { throw (New-ComFailure $global:Agent.install_throws) }
            New-Result @(foreach ($each in $this.Updates) { Get-Outcome $each $each.State.failure })
        }
    }
    $worker
}
function global:New-Object {
    [CmdletBinding()] param ([Parameter(Position = 0)][string]$TypeName, [string]$ComObject, [Object[]]$ArgumentList)
    if (-not $ComObject) { return Microsoft.PowerShell.Utility\New-Object @PSBoundParameters }
    if ($ComObject -eq 'Microsoft.Update.UpdateColl') {
        return , [Collections.ArrayList]::new()
    }
    if ($ComObject -ne 'Microsoft.Update.Session') { throw "unknown class $ComObject" }
    $session = [pscustomobject]@{ ClientApplicationID = '' }
    Add-Method $session CreateUpdateSearcher {
        $searcher = [pscustomobject]@{ ServerSelection = 0; Online = $true }
        Add-Method $searcher Search {
            param ($criteria)
            $global:Asked.Add("search $criteria at $($this.ServerSelection)")
            if ($global:Agent.search_failure) { throw (New-ComFailure $global:Agent.search_failure) }
            [pscustomobject]@{
                ResultCode = $global:Agent.search_code
                Updates = @(foreach ($state in $global:Agent.updates) { New-Update $state })
            }
        }
        $searcher
    }
    Add-Method $session CreateUpdateDownloader { New-Worker 'download' }
    Add-Method $session CreateUpdateInstaller { New-Worker 'install' }
    $session
}

Import-Module "$ModuleUtils/powershell/Ansible.ModuleUtils.AddType.psm1" -Global
Add-CSharpType -References (Get-Content -Raw "$ModuleUtils/csharp/Ansible.Basic.cs")
[Ansible.Basic.AnsibleModule]::Exit = { param ([int]$rc) throw "exit $rc" }
$install = [ScriptBlock]::Create((Get-Content -Raw "$Repository/library/windows_update_install.ps1"))

# As Ansible runs modules.
Set-StrictMode -Version 2.0
foreach ($case in Get-Content -Raw $Cases | ConvertFrom-Json -AsHashtable) {
    $global:Agent = $case.agent
    $global:Asked = [Collections.Generic.List[string]]@()
    $global:complex_args = $case.arguments + @{
        _ansible_remote_tmp = '/tmp'
        _ansible_keep_remote_files = $false
        _ansible_check_mode = $case.check_mode
    }
    try { & $install } catch { if ("$_" -notmatch 'exit [01]') { throw } }
    [Console]::Out.WriteLine()
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $global:Asked.ToArray() -Compress))
}
if (-not ('Serviceheft.Power' -as [type])) { throw 'The C# of the module does not compile.' }

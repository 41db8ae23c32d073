#!powershell

# SPDX-License-Identifier: MIT

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell Ansible.ModuleUtils.AddType

# Installs the updates that were chosen, each known by the Update Agent's own UpdateID and RevisionNumber. Titles and
# articles are shared by several updates, so they choose nothing here. It never restarts.

$ErrorActionPreference = 'Stop'

$spec = @{
    options = @{
        updates = @{
            type = 'list'
            elements = 'dict'
            required = $true
            options = @{
                id = @{ type = 'str'; required = $true }
                revision = @{ type = 'int'; required = $true }
                categories = @{ type = 'list'; elements = 'str'; required = $true }
            }
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

# OperationResultCode of the Update Agent: succeeded, and succeeded with errors.
$succeeded = 2, 3
$requiresExclusiveHandling = 2
$operationInProgress = '0x80240016'

# As Windows writes an HRESULT; none for success.
Function Format-HResult {
    Param ([Int]$Value)

    if ($Value -eq 0) {
        return $null
    }
    '0x{0:X8}' -f $Value
}

# PowerShell wraps what a COM object throws; the HRESULT is in the innermost exception.
Function Get-HResult {
    Param ([Management.Automation.ErrorRecord]$ErrorRecord)

    $exception = $ErrorRecord.Exception.GetBaseException()
    Format-HResult -Value $exception.HResult
}

Function Stop-Module {
    Param (
        [String]$Doing,
        [Management.Automation.ErrorRecord]$ErrorRecord
    )

    $hresult = Get-HResult -ErrorRecord $ErrorRecord
    $module.Result.hresult = $hresult
    $reason = $ErrorRecord.Exception.GetBaseException().Message
    $module.FailJson("$Doing failed (${hresult}): $reason", $ErrorRecord)
}

# Notes in a row that its update failed.
Function Set-Failure {
    Param (
        [Hashtable]$Row,
        [AllowNull()] [Object]$HResult,
        [AllowNull()] [Object]$ResultCode
    )

    $Row.result = 'failed'
    $Row.result_code = $ResultCode
    $Row.hresult = $HResult
}

Function New-UpdateCollection {
    Param ([Object[]]$Chosen)

    $collection = New-Object -ComObject Microsoft.Update.UpdateColl
    foreach ($each in $Chosen) {
        $null = $collection.Add($each.Update)
    }
    # The comma keeps PowerShell from unrolling the collection.
    , $collection
}

# Why an update that was asked for is not installed; nothing where it is to be.
Function Get-Refusal {
    Param (
        [Object]$Asked,
        [AllowNull()] [Object]$Update
    )

    if ($null -eq $Update) {
        return 'not_offered'
    }
    if ([Int]$Update.Identity.RevisionNumber -ne $Asked.revision) {
        return 'other_revision'
    }
    $categories = @(foreach ($category in $Update.Categories) { "$($category.CategoryID)" })
    foreach ($category in $Asked.categories) {
        if ($categories -notcontains $category) {
            return 'other_category'
        }
    }
    if ($Update.IsHidden) {
        return 'hidden'
    }
    $null
}

# A laptop that falls asleep meanwhile stops in the middle. Lasts as long as the thread.
Function Disable-Sleep {
    Add-CSharpType -AnsibleModule $module -References @'
using System.Runtime.InteropServices;

namespace Serviceheft
{
    public static class Power
    {
        [DllImport("kernel32.dll")]
        public static extern uint SetThreadExecutionState(uint flags);
    }
}
'@
    # ES_CONTINUOUS, ES_SYSTEM_REQUIRED
    $null = [Serviceheft.Power]::SetThreadExecutionState([UInt32]2147483649)
}

$module.Result.changed = $false
$module.Result.reboot_required = $false
$module.Result.updates = @()

$wanted = @($module.Params.updates)
if ($wanted.Count -eq 0) {
    $module.FailJson('updates names no update')
}
$twice = @($wanted | Group-Object -Property { $_.id } | Where-Object { $_.Count -gt 1 })
if ($twice.Count -gt 0) {
    $module.FailJson("updates names $($twice[0].Name) twice")
}

try {
    $session = New-Object -ComObject Microsoft.Update.Session
    $session.ClientApplicationID = 'Serviceheft'
    $searcher = $session.CreateUpdateSearcher()
    $searcher.ServerSelection = @{ default = 0; managed_server = 1; windows_update = 2 }[$module.Params.server_selection]
    $search = $searcher.Search('IsInstalled=0')
    $searchCode = [Int]$search.ResultCode
    $offered = @(foreach ($update in $search.Updates) { $update })
}
catch {
    Stop-Module -Doing 'Searching for updates' -ErrorRecord $_
}
if ($succeeded -notcontains $searchCode) {
    $module.FailJson("Searching for updates ended with result code $searchCode")
}
if ($searchCode -ne 2) {
    $module.Warn('The search for updates ended with errors, so updates may be missing from what it found.')
}

$rows = [Collections.Generic.List[Object]]@()
$chosen = [Collections.Generic.List[Object]]@()
foreach ($asked in $wanted) {
    # One update may be offered in several revisions; the one that was chosen counts.
    $same = @($offered | Where-Object { $_.Identity.UpdateID -eq $asked.id })
    $exact = @($same | Where-Object { [Int]$_.Identity.RevisionNumber -eq $asked.revision })
    $update = @($exact + $same + @($null))[0]
    $refusal = Get-Refusal -Asked $asked -Update $update
    $row = @{
        id = $asked.id
        revision = $asked.revision
        title = if ($null -eq $update) { $null } else { $update.Title }
        result = if ($refusal) { $refusal } else { 'installed' }
        result_code = $null
        hresult = $null
        reboot_required = $false
    }
    $rows.Add($row)
    if (-not $refusal) {
        $chosen.Add(@{ Row = $row; Update = $update })
    }
}
$module.Result.updates = $rows

if ($chosen.Count -eq 0) {
    $module.ExitJson()
}
if ($module.CheckMode) {
    $module.Result.changed = $true
    $module.ExitJson()
}

try {
    # For a network login, the agent refuses these two.
    $downloader = $session.CreateUpdateDownloader()
    $installer = $session.CreateUpdateInstaller()
    $installer.ClientApplicationID = 'Serviceheft'
    # Nobody sits in front of it: an installer that asked for something would wait for ever.
    $installer.AllowSourcePrompts = $false
    $installer.ForceQuiet = $true
    $isBusy = $installer.IsBusy
    $restartFirst = $installer.RebootRequiredBeforeInstallation
}
catch {
    $module.Result.updates = @()
    Stop-Module -Doing 'Preparing the installation' -ErrorRecord $_
}
if ($isBusy -or $restartFirst) {
    $module.Result.updates = @()
    $module.FailJson($(
            if ($isBusy) { 'Another installation is running' }
            else { 'A restart is required before updates can be installed' }
        ))
}
try {
    Disable-Sleep
}
catch {
    $module.Debug("The computer may fall asleep meanwhile: $($_.Exception.Message)")
}

foreach ($each in $chosen) {
    try {
        # Without it, neither download nor installation begins.
        if (-not $each.Update.EulaAccepted) {
            $each.Update.AcceptEula()
        }
    }
    catch {
        Set-Failure -Row $each.Row -HResult (Get-HResult -ErrorRecord $_)
    }
}

$missing = @($chosen | Where-Object { $_.Row.result -ne 'failed' -and -not $_.Update.IsDownloaded })
if ($missing.Count -gt 0) {
    try {
        $downloader.Updates = New-UpdateCollection -Chosen $missing
        $download = $downloader.Download()
        for ($i = 0; $i -lt $missing.Count; $i++) {
            $one = $download.GetUpdateResult($i)
            $code = [Int]$one.ResultCode
            if ($succeeded -notcontains $code) {
                Set-Failure -Row $missing[$i].Row -ResultCode $code -HResult (Format-HResult -Value $one.HResult)
            }
        }
    }
    catch {
        $hresult = Get-HResult -ErrorRecord $_
        foreach ($each in $missing) {
            Set-Failure -Row $each.Row -HResult $hresult
        }
    }
}

# All together, but for those that Windows installs alone only.
$together = [Collections.Generic.List[Object]]@()
$alone = [Collections.Generic.List[Object]]@()
foreach ($each in $chosen) {
    if ($each.Row.result -eq 'failed') {
        continue
    }
    $behavior = $each.Update.InstallationBehavior
    if ($behavior -and [Int]$behavior.Impact -eq $requiresExclusiveHandling) {
        $alone.Add(@($each))
    }
    else {
        $together.Add($each)
    }
}
$batches = [Collections.Generic.List[Object]]@()
if ($together.Count -gt 0) {
    $batches.Add($together.ToArray())
}
$batches.AddRange($alone)

$begun = $false
$anotherRuns = $false
foreach ($batch in $batches) {
    $batch = @($batch)
    try {
        $installer.Updates = New-UpdateCollection -Chosen $batch
        $installation = $installer.Install()
        for ($i = 0; $i -lt $batch.Count; $i++) {
            $one = $installation.GetUpdateResult($i)
            $row = $batch[$i].Row
            $row.result_code = [Int]$one.ResultCode
            $row.hresult = Format-HResult -Value $one.HResult
            if ($succeeded -contains $row.result_code) {
                $row.reboot_required = [Bool]$one.RebootRequired
                $module.Result.changed = $true
            }
            else {
                $row.result = 'failed'
            }
        }
    }
    catch {
        $hresult = Get-HResult -ErrorRecord $_
        # IsBusy keeps no place for anybody: somebody else may have begun since.
        $anotherRuns = $hresult -eq $operationInProgress -and -not $begun
        foreach ($each in $batch) {
            if ($null -eq $each.Row.result_code) {
                Set-Failure -Row $each.Row -HResult $hresult
            }
        }
    }
    if ($anotherRuns) {
        $module.Result.updates = @()
        $module.FailJson('Another installation is running')
    }
    $begun = $true
}

$module.Result.reboot_required = @($rows | Where-Object { $_.reboot_required }).Count -gt 0

$module.ExitJson()

# A small Windows in the place of cmdlets, as every runspace of the visit gets it. $Folder: of its programs, $Case: name
# by commas what is broken.

$global:HarnessBroken = @($Case.Split(',') | Where-Object { $_ })

$global:HarnessServices = @(
    foreach ($client in 'AnyDesk', 'AnyDesk-ad_1_msi') {
        $command = "`"$Folder/$client/$client.exe`" --service"
        [pscustomobject]@{ Name = $client; State = 'Running'; StartMode = 'Auto'; PathName = $command }
    }
    [pscustomobject]@{ Name = 'EPSecurityService'; State = 'Running'; StartMode = 'Auto' }
)

# By case: session, process, what asking for its owner returns, and the owner.
$global:HarnessProcesses = @{
    people = @(
        @(0, 'wsmprovhost.exe', 0, 'S-1-5-21-1-2-3-1001'), @(1, 'csrss.exe', 2, $null), @(1, 'winlogon.exe', 0, 'S-1-5-18'),
        @(1, 'dwm.exe', 0, 'S-1-5-90-0-1'), @(1, 'agent.exe', 0, 'S-1-5-18'), @(1, 'explorer.exe', 0, 'S-1-5-21-1-2-3-1104'),
        @(1, 'excel.exe', 0, 'S-1-5-21-1-2-3-1104'), @(2, 'explorer.exe', 0, 'S-1-12-1-4-5-6-7'), @(3, 'agent.exe', 2, $null),
        @(3, 'rdpinit.exe', 0, 'S-1-5-21-1-2-3-1105'), @(4, 'csrss.exe', 0, 'S-1-5-18'), @(4, 'LogonUI.exe', 2, $null)
    )
    'nobody' = @(@(1, 'csrss.exe', 2, $null), @(1, 'LogonUI.exe', 0, 'S-1-5-18'), @(1, 'agent.exe', 0, 'S-1-5-18'))
    'no owner' = @(@(1, 'explorer.exe', 0, 'S-1-5-21-1-2-3-1104'), @(2, 'explorer.exe', 2, $null), @(2, 'word.exe', 8, $null))
    'ended' = @(@(1, 'word.exe', -1, $null), @(1, 'explorer.exe', 0, 'S-1-5-21-1-2-3-1104'))
    'all ended' = @(, @(1, 'word.exe', -1, $null))
}
function global:Invoke-CimMethod {
    [CmdletBinding()] param ($InputObject, [string]$MethodName)
    if ($MethodName -ne 'GetOwnerSid') { throw "The stand-in does not know $MethodName." }
    if ($InputObject.Code -lt 0) { throw 'Not found' }
    [pscustomobject]@{ ReturnValue = $InputObject.Code; Sid = $InputObject.Sid }
}

function global:Get-CimInstance {
    [CmdletBinding()] param ([string]$ClassName, [string]$Namespace, [string]$Filter, [string[]]$Property)
    if ($global:HarnessBroken -contains $ClassName) { throw 'Provider load failure' }
    # In a call that nothing stops, as one of Windows' own that never returns.
    if ($global:HarnessBroken -contains "$ClassName hangs") { [Threading.Thread]::Sleep(3600000) }
    switch ($ClassName) {
        'Win32_Service' {
            if ($Filter -match "^Name LIKE '(.+)'$") {
                $like = $Matches[1].Replace('%', '*')
                $global:HarnessServices | Where-Object { $_.Name -like $like }
            }
        }
        'Win32_Process' {
            if ($Filter -ne 'SessionId > 0') { throw "The stand-in does not know the filter $Filter." }
            foreach ($case in @($global:HarnessBroken)) {
                foreach ($row in $global:HarnessProcesses[$case]) {
                    if ($row[0] -gt 0) {
                        [pscustomobject]@{ SessionId = $row[0]; Name = $row[1]; Code = $row[2]; Sid = $row[3] }
                    }
                }
            }
        }
        'Win32_BIOS' {
            [pscustomobject]@{ SerialNumber = 'ONE' }
            if ($global:HarnessBroken -contains 'two') { [pscustomobject]@{ SerialNumber = 'TWO' } }
        }
        'Win32_ComputerSystem' {
            [pscustomobject]@{ Name = 'PC-1' }
            if ($global:HarnessBroken -contains 'two') { [pscustomobject]@{ Name = 'PC-2' } }
        }
        'Win32_ComputerSystemProduct' { [pscustomobject]@{ UUID = '4C4C4544-0043-3010-8052-B4C04F4E3333' } }
        default { [pscustomobject]@{ Name = $ClassName } }
    }
}
function global:Test-Path {
    [CmdletBinding()] param ([string]$LiteralPath)
    if ($LiteralPath -notlike 'HKLM:*') { return Microsoft.PowerShell.Management\Test-Path -LiteralPath $LiteralPath }
    -not ($global:HarnessBroken -contains 'no uninstall key' -and $LiteralPath -like '*\Uninstall')
}
function global:Get-ItemProperty {
    [CmdletBinding()] param ([string]$LiteralPath)
    if ($global:HarnessBroken -contains 'registry') { Write-Error 'Requested registry access is not allowed.'; return }
    [pscustomobject]@{ Hostname = 'pc-1'; MachineGuid = '9b1e0c5e-2f4d-4a57-9a53-0f6f3c1d2e4b'; PasswordFingerprint = 'ab' }
}
function global:Get-Item {
    [CmdletBinding()] param ([string]$LiteralPath)
    if ($LiteralPath -like 'HKLM:*') {
        if ($global:HarnessBroken -contains 'registry') { Write-Error 'Requested registry access is not allowed.'; return }
        return 'key'
    }
    Microsoft.PowerShell.Management\Get-Item -LiteralPath $LiteralPath
}
function global:New-Key([string]$Name, [switch]$Deleted) {
    $key = [pscustomobject]@{ PSChildName = $Name; Deleted = [bool]$Deleted }
    $key | Add-Member -MemberType ScriptMethod -Name GetValue -PassThru -Value {
        param ($value)
        if ($this.Deleted) { throw 'Illegal operation attempted on a registry key that has been marked for deletion.' }
        if ($value -eq 'DisplayName') { $this.PSChildName } elseif ($value -eq 'DisplayVersion') { '7.9' }
    }
}
function global:Get-ChildItem {
    [CmdletBinding()] param ([string]$LiteralPath, [switch]$Directory, [switch]$File, [string]$Filter)
    if ($LiteralPath -notlike 'HKLM:*') { return Microsoft.PowerShell.Management\Get-ChildItem @PSBoundParameters }
    if ($LiteralPath -like '*WOW6432Node*') { return }
    # As Windows does it: one error for the key that must not be read, and all others.
    if ($global:HarnessBroken -contains 'denied key') { Write-Error 'Requested registry access is not allowed.' }
    if ($global:HarnessBroken -contains 'uninstall') { throw 'Requested registry access is not allowed.' }
    $global:HarnessKeys
}
function global:Get-AuthenticodeSignature {
    [CmdletBinding()] param ([string]$LiteralPath)
    if ($global:HarnessBroken -contains 'signature') { throw 'The file cannot be accessed.' }
    [pscustomobject]@{ Status = 'Valid'; SignerCertificate = $null }
}

$names = @('AnyDesk', 'AnyDesk-ad_1_msi')
if ($global:HarnessBroken -notcontains 'no agent') { $names += 'Bitdefender Endpoint Security Tools' }
$global:HarnessKeys = @(foreach ($name in $names) { New-Key $name })
if ($global:HarnessBroken -contains 'deleted key') { $global:HarnessKeys += New-Key 'Gone' -Deleted }

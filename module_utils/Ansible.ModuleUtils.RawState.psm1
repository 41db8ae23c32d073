# SPDX-License-Identifier: MIT

# Readers of raw objects for the visit: property names as Windows has them, dates as ISO 8601 in UTC.

# A DateTime of CIM is local, those of the Update Agent's COM objects are UTC without saying so.
Function ConvertTo-UtcText {
    Param ([AllowNull()] [Object]$Value)

    if ($null -eq $Value -or $Value -isnot [DateTime]) {
        return $null
    }
    if ($Value.Kind -eq [DateTimeKind]::Local) {
        $Value = $Value.ToUniversalTime()
    }
    $Value.ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture)
}

# The named properties of an object as a dictionary; a property that this Windows does not have is left out.
Function ConvertTo-RawObject {
    Param (
        [AllowNull()]
        [Object]$InputObject,
        [Parameter(Mandatory = $true)]
        [String[]]$Property
    )

    if ($null -eq $InputObject) {
        return $null
    }
    $raw = @{}
    foreach ($name in $Property) {
        $member = $InputObject.PSObject.Properties[$name]
        if ($null -eq $member) {
            continue
        }
        $value = $member.Value
        if ($value -is [DateTime]) {
            $value = ConvertTo-UtcText -Value $value
        }
        elseif ($value -is [Enum]) {
            $value = $value.ToString()
        }
        $raw[$name] = $value
    }
    $raw
}

# The named values of a registry key; an empty dictionary when the key does not exist.
Function Get-RegistryValue {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Path,
        [Parameter(Mandatory = $true)]
        [String[]]$Name
    )

    # A key without values gives nothing at all.
    $values = if (Test-Path -LiteralPath $Path) { Get-ItemProperty -LiteralPath $Path }
    if ($null -eq $values) {
        return @{}
    }
    ConvertTo-RawObject -InputObject $values -Property $Name
}

$uninstallKeys = @(
    'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
    'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall'
)

# The uninstall entries of the machine; Win32_Product would start a repair of every MSI package.
Function Get-UninstallEntry {
    foreach ($key in $uninstallKeys) {
        if (-not (Test-Path -LiteralPath $key)) {
            continue
        }
        foreach ($subKey in Get-ChildItem -LiteralPath $key -ErrorAction SilentlyContinue) {
            $entry = @{
                KeyName = $subKey.PSChildName
                Hive = if ($key -like '*WOW6432Node*') { 'machine32' } else { 'machine' }
                DisplayName = $subKey.GetValue('DisplayName')
                DisplayVersion = $subKey.GetValue('DisplayVersion')
                Publisher = $subKey.GetValue('Publisher')
                InstallDate = $subKey.GetValue('InstallDate')
                SystemComponent = $subKey.GetValue('SystemComponent')
                ParentKeyName = $subKey.GetValue('ParentKeyName')
            }
            if ($entry.DisplayName) {
                $entry
            }
        }
    }
}

# What AnyDesk answers to one question (--get-id ...); nothing when it does not within five seconds. It is a
# program with windows: called plainly, PowerShell would neither wait for it nor see its answer.
Function Get-AnyDeskAnswer {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Path,
        [Parameter(Mandatory = $true)]
        [String]$Question
    )

    $start = New-Object -TypeName Diagnostics.ProcessStartInfo -Property @{
        FileName = $Path
        Arguments = $Question
        UseShellExecute = $false
        CreateNoWindow = $true
        RedirectStandardOutput = $true
    }
    $process = [Diagnostics.Process]::Start($start)
    if ($process.WaitForExit(5000)) {
        return $process.StandardOutput.ReadToEnd().Trim()
    }
    $process.Kill()
}

# The file that a service starts, from its command line with or without quotes.
Function Get-ServiceExecutable {
    Param ([AllowNull()] [AllowEmptyString()] [String]$CommandLine)

    if ($CommandLine -match '^\s*"([^"]+)"' -or $CommandLine -match '^\s*(.+?\.exe)\b') {
        $Matches[1]
    }
}

Export-ModuleMember -Function @(
    'ConvertTo-UtcText', 'ConvertTo-RawObject', 'Get-RegistryValue', 'Get-UninstallEntry', 'Get-AnyDeskAnswer',
    'Get-ServiceExecutable'
)

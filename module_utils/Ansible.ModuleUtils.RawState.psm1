# SPDX-License-Identifier: MIT

# Readers of raw objects for the visit: property names as Windows has them, dates as ISO 8601 in UTC. What cannot be read
# throws; only what is not there is left out.

$ErrorActionPreference = 'Stop'

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
    if ($InputObject -is [Array]) {
        throw "There are $($InputObject.Count) objects where one was expected."
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

# Whether a registry key exists. Test-Path is true as well for one that must not be read.
Function Test-RegistryKey {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Path
    )

    if (-not (Test-Path -LiteralPath $Path)) {
        return $false
    }
    $null = Get-Item -LiteralPath $Path
    $true
}

# Every Windows has the first one.
$uninstallKeys = @(
    'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
    'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall'
)
$uninstallList = $null

# The uninstall entries of the machine (Entries), and why some could not be read (Failures): what is not among the
# entries is absent only where nothing failed. Read once; Win32_Product would start a repair of every MSI package.
Function Get-UninstallList {
    if ($null -ne $script:uninstallList) {
        return $script:uninstallList
    }
    $list = @{ Entries = @(); Failures = @() }
    foreach ($key in $uninstallKeys) {
        try {
            if (-not (Test-Path -LiteralPath $key)) {
                if ($key -eq $uninstallKeys[0]) {
                    $list.Failures += "$key is not there."
                }
                continue
            }
            $failed = @()
            # Not SilentlyContinue: that would silence what is thrown as well.
            $subKeys = @(Get-ChildItem -LiteralPath $key -ErrorAction Continue -ErrorVariable failed 2>$null)
            $list.Failures += @($failed | ForEach-Object { "$_" })
        }
        catch {
            $list.Failures += $_.Exception.Message
            continue
        }
        foreach ($subKey in $subKeys) {
            try {
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
            }
            catch {
                $list.Failures += $_.Exception.Message
                continue
            }
            if ($entry.DisplayName) {
                $list.Entries += $entry
            }
        }
    }
    $script:uninstallList = $list
    $list
}

# Runs one part of a section; what it throws is noted under its name, and the other parts go on.
Function Add-Part {
    Param (
        [Parameter(Mandatory = $true)]
        [Hashtable]$Section,
        [Parameter(Mandatory = $true)]
        [String]$Name,
        [Parameter(Mandatory = $true)]
        [ScriptBlock]$Collect
    )

    try {
        $Section[$Name] = & $Collect
    }
    catch {
        $Section.Errors[$Name] = $_.Exception.Message
    }
}

# The uninstall entries whose name is like Name; where not all keys could be read, the part stands in Errors as well.
Function Add-UninstallPart {
    Param (
        [Parameter(Mandatory = $true)]
        [Hashtable]$Section,
        [Parameter(Mandatory = $true)]
        [String]$Like
    )

    Add-Part -Section $Section -Name Programs -Collect {
        $list = Get-UninstallList
        if ($list.Failures.Count -gt 0) {
            $Section.Errors['Programs'] = $list.Failures[0]
        }
        , @($list.Entries | Where-Object { $_.DisplayName -like $Like })
    }
}

Export-ModuleMember -Function @(
    'ConvertTo-UtcText', 'ConvertTo-RawObject', 'Get-RegistryValue', 'Test-RegistryKey', 'Get-UninstallList',
    'Add-Part', 'Add-UninstallPart'
)

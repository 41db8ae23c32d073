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

# The program files of all AnyDesk clients: those that services start, and those in the folders for programs.
Function Get-AnyDeskPath {
    Param ([AllowNull()] [Object[]]$Service)

    $paths = @(
        foreach ($one in $Service) {
            Get-ServiceExecutable -CommandLine $one.PathName
        }
        foreach ($root in @(${env:ProgramFiles(x86)}, $env:ProgramFiles) | Where-Object { $_ } | Sort-Object -Unique) {
            foreach ($folder in Get-ChildItem -LiteralPath $root -Directory -Filter 'AnyDesk*') {
                (Get-ChildItem -LiteralPath $folder.FullName -File -Filter 'AnyDesk*.exe').FullName
            }
        }
    )
    $paths | Where-Object { $_ -and (Test-Path -LiteralPath $_) } | Sort-Object -Unique
}

# One AnyDesk client: its file, by whom it is signed, the services that start it, and what it answers.
Function Get-AnyDeskInstallation {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Path,
        [AllowNull()]
        [Object[]]$Service,
        [Parameter(Mandatory = $true)]
        [Diagnostics.Stopwatch]$Watch
    )

    $raw = @{ Path = $Path; Errors = @{}; Answers = @{} }
    $running = $false
    foreach ($one in $Service) {
        if ((Get-ServiceExecutable -CommandLine $one.PathName) -eq $Path) {
            $raw.Service = $one.Name
            $running = $running -or $one.State -eq 'Running'
        }
    }
    try {
        $version = (Get-Item -LiteralPath $Path).VersionInfo
        $raw.FileVersion = $version.FileVersion
        $raw.ProductVersion = $version.ProductVersion
    }
    catch {
        $raw.Errors.FileVersion = $_.Exception.Message
    }
    try {
        $signature = Get-AuthenticodeSignature -LiteralPath $Path
        $raw.Signature = @{ Status = "$($signature.Status)" }
        $certificate = $signature.SignerCertificate
        if ($certificate) {
            $raw.Signature.Subject = $certificate.Subject
            $raw.Signature.SimpleName = $certificate.GetNameInfo('SimpleName', $false)
            $raw.Signature.Thumbprint = $certificate.Thumbprint
        }
        # A file that nobody vouches for is not started, not even to be asked.
        if ($raw.Signature.Status -eq 'Valid' -and $running) {
            # The id comes late: AnyDesk asks its network for it after the first start.
            foreach ($attempt in 1..4) {
                if ($Watch.Elapsed.TotalSeconds -gt 40) {
                    break
                }
                $raw.Answers.Id = Get-AnyDeskAnswer -Path $Path -Question '--get-id'
                if ($raw.Answers.Id -match '^[1-9][0-9]+$') {
                    $raw.Answers.Alias = Get-AnyDeskAnswer -Path $Path -Question '--get-alias'
                    $raw.Answers.Status = Get-AnyDeskAnswer -Path $Path -Question '--get-status'
                    break
                }
                [Threading.Thread]::Sleep(2000)
            }
        }
    }
    catch {
        $raw.Errors.Signature = $_.Exception.Message
    }
    $raw
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
    'ConvertTo-UtcText', 'ConvertTo-RawObject', 'Get-RegistryValue', 'Test-RegistryKey', 'Get-UninstallList',
    'Get-AnyDeskPath', 'Get-AnyDeskInstallation'
)

# SPDX-License-Identifier: MIT

# Section "anydesk" of the visit: all clients of AnyDesk.

$ErrorActionPreference = 'Stop'

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

Function Get-AnyDeskSection {
    $section = @{ Errors = @{} }
    Add-UninstallPart -Section $section -Like 'AnyDesk*'
    # A client with somebody's own look carries its name behind AnyDesk's: AnyDesk-ad_1a2b3c4d. There may be several.
    Add-Part -Section $section -Name Services -Collect {
        , @(
            foreach ($service in Get-CimInstance -ClassName Win32_Service -Filter "Name LIKE 'AnyDesk%'") {
                ConvertTo-RawObject -InputObject $service -Property 'Name', 'State', 'StartMode', 'PathName'
            }
        )
    }
    Add-Part -Section $section -Name Installations -Collect {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        , @(
            foreach ($path in Get-AnyDeskPath -Service $section['Services']) {
                Get-AnyDeskInstallation -Path $path -Service $section['Services'] -Watch $watch
            }
        )
    }
    Add-Part -Section $section -Name Mark -Collect {
        Get-RegistryValue -Path 'HKLM:\SOFTWARE\Serviceheft\RemoteAccess' -Name 'PasswordFingerprint'
    }
    $section
}

Export-ModuleMember -Function 'Get-AnyDeskSection'

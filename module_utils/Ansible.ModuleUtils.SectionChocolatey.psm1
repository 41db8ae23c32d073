# SPDX-License-Identifier: MIT

# Section "chocolatey" of the visit: what Chocolatey tells of its packages, its sources, and what a source has newer.

$ErrorActionPreference = 'Stop'

# So much text is read of one answer: some thousand packages.
$mostCharacters = 2MB
# So much of what it said is kept when it failed.
$mostOfFailure = 4000

# An account has no place in an address that leaves the host.
Function Hide-Account {
    Param ([AllowNull()] [AllowEmptyString()] [String]$Text)

    $Text -replace '(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@''"]*@', '$1'
}

Function Get-ChocolateyPath {
    $command = Get-Command -Name choco.exe -CommandType Application -ErrorAction SilentlyContinue -TotalCount 1
    if ($command) {
        return $command.Path
    }
    $root = $env:ChocolateyInstall
    if (-not $root) {
        $root = Join-Path -Path $env:ProgramData -ChildPath 'chocolatey'
    }
    $path = Join-Path -Path (Join-Path -Path $root -ChildPath 'bin') -ChildPath 'choco.exe'
    if (Test-Path -LiteralPath $path) {
        $path
    }
}

# The lines with fields that Chocolatey prints. It is ended when it takes too long or does not stop printing.
Function Get-ChocolateyRow {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Path,
        [Parameter(Mandatory = $true)]
        [String]$Arguments,
        [Parameter(Mandatory = $true)]
        [Int]$Fields,
        [Int]$Seconds = 240
    )

    $process = [Diagnostics.Process]::Start((New-Object -TypeName Diagnostics.ProcessStartInfo -Property @{
                FileName = $Path
                Arguments = $Arguments
                UseShellExecute = $false
                CreateNoWindow = $true
                RedirectStandardInput = $true
                RedirectStandardOutput = $true
                StandardOutputEncoding = [Text.Encoding]::UTF8
            }))
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $text = New-Object -TypeName Text.StringBuilder
    $buffer = New-Object -TypeName Char[] -ArgumentList 16384
    try {
        $process.StandardInput.Close()
        do {
            $reading = $process.StandardOutput.ReadAsync($buffer, 0, $buffer.Length)
            while (-not $reading.Wait(200)) {
                if ($watch.Elapsed.TotalSeconds -gt $Seconds) {
                    throw "timed_out: $Arguments had not ended after $Seconds seconds."
                }
            }
            $null = $text.Append($buffer, 0, $reading.Result)
            if ($text.Length -gt $mostCharacters) {
                throw "$Arguments printed more than $mostCharacters characters."
            }
        } while ($reading.Result -gt 0)
        if (-not $process.WaitForExit(10000)) {
            throw "timed_out: $Arguments had printed all and did not end."
        }
    }
    finally {
        if (-not $process.HasExited) {
            $process.Kill()
        }
    }
    # 2: nothing found, with enhanced exit codes.
    if ($process.ExitCode -ne 0 -and $process.ExitCode -ne 2) {
        $said = Hide-Account -Text $text.ToString()
        throw "Exit code $($process.ExitCode). $($said.Substring(0, [Math]::Min($said.Length, $mostOfFailure)))"
    }
    foreach ($line in $text.ToString() -split '\r?\n') {
        # Warnings have none.
        if ($line.Contains('|')) {
            $row = $line.Trim() -split '\|'
            if ($row.Count -lt $Fields -or -not $row[0] -or -not $row[1]) {
                throw "$Arguments printed a line that is no row."
            }
            , $row
        }
    }
}

Function Get-ChocolateySource {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Path
    )

    $root = Split-Path -Path (Split-Path -Path $Path)
    $document = New-Object -TypeName Xml.XmlDocument
    $document.Load((Join-Path -Path (Join-Path -Path $root -ChildPath 'config') -ChildPath 'chocolatey.config'))
    foreach ($source in $document.SelectNodes('//sources/source')) {
        @{
            Name = $source.GetAttribute('id')
            Source = Hide-Account -Text $source.GetAttribute('value')
            Disabled = $source.GetAttribute('disabled') -eq 'true'
            UserName = if ($source.HasAttribute('user')) { $source.GetAttribute('user') } else { $null }
        }
    }
}

Function Get-ChocolateySection {
    $section = @{ Errors = @{} }
    Add-Part -Section $section -Name Path -Collect { Get-ChocolateyPath }
    $path = $section['Path']
    if ($null -eq $path) {
        return $section
    }
    Add-Part -Section $section -Name Packages -Collect {
        $list = 'list --limit-output --all-versions'
        $file = [Diagnostics.FileVersionInfo]::GetVersionInfo($path)
        # Before the second version it would list what the sources have.
        if ($file.FileVersion -and $file.FileMajorPart -lt 2) {
            $list = "$list --local-only"
        }
        , @(
            foreach ($row in Get-ChocolateyRow -Path $path -Arguments $list -Fields 2) {
                @{ Id = $row[0]; Version = $row[1] }
            }
        )
    }
    Add-Part -Section $section -Name Sources -Collect {
        , @(Get-ChocolateySource -Path $path)
    }
    Add-Part -Section $section -Name Outdated -Collect {
        , @(
            foreach ($row in Get-ChocolateyRow -Path $path -Arguments 'outdated --limit-output --no-progress' -Fields 4) {
                @{ Id = $row[0]; Version = $row[1]; Available = $row[2]; Pinned = [Boolean]::Parse($row[3]) }
            }
        )
    }
    $section
}

Export-ModuleMember -Function 'Get-ChocolateySection'

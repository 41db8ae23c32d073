# lab: remote_access_set_password

# Gives AnyDesk its unattended password through standard input, where no list of processes and no log shows it. AnyDesk
# cannot be asked for it later; so its keyed fingerprint is kept where only administrators read.

[CmdletBinding()]
param (
    [Parameter(Mandatory = $true)]
    [String]$Path,

    [Parameter(Mandatory = $true)]
    [String]$Fingerprint,

    # The short name of the computer that was visited: another one under its address gets no password.
    [Parameter(Mandatory = $true)]
    [String]$Computer,

    [Parameter(Mandatory = $true)]
    [SecureString]$Password
)

$ErrorActionPreference = 'Stop'

if ([Environment]::MachineName -ne $Computer) {
    throw 'This is another computer than the one that was visited.'
}

$start = New-Object -TypeName Diagnostics.ProcessStartInfo -Property @{
    FileName = $Path
    Arguments = '--set-password'
    UseShellExecute = $false
    CreateNoWindow = $true
    RedirectStandardInput = $true
}
$process = [Diagnostics.Process]::Start($start)
$plain = (New-Object -TypeName Net.NetworkCredential -ArgumentList '', $Password).Password
# As bytes: a text writer could put a byte order mark in front.
$line = [Text.Encoding]::ASCII.GetBytes("$plain`r`n")
$process.StandardInput.BaseStream.Write($line, 0, $line.Length)
$process.StandardInput.Close()
if (-not $process.WaitForExit(30000)) {
    $process.Kill()
    throw 'AnyDesk did not take the password within 30 seconds.'
}
if ($process.ExitCode -ne 0) {
    throw "AnyDesk did not take the password (exit code $($process.ExitCode))."
}

$administrators = New-Object -TypeName Security.AccessControl.RegistrySecurity
$administrators.SetSecurityDescriptorSddlForm('D:P(A;CI;KA;;;BA)(A;CI;KA;;;SY)')
$key = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey('SOFTWARE\Serviceheft\RemoteAccess')
$key.SetAccessControl($administrators)
$key.SetValue('PasswordFingerprint', $Fingerprint)
$key.Dispose()

$Ansible.Changed = $true

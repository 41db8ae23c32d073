# SPDX-License-Identifier: MIT

# Sections of the visit run beside the module, in a runspace that can be given up: one that hangs costs itself alone.

$ErrorActionPreference = 'Stop'

$worker = $null

# Calls one section with what has come along as modules of the project; what it throws is its failure.
$callSection = {
    Param ($Function, $Arguments)

    # A process does not wait for such a thread when it ends.
    [Threading.Thread]::CurrentThread.IsBackground = $true
    try {
        @{ Section = & $Function @Arguments }
    }
    catch {
        @{ Failure = $_.Exception.Message }
    }
}

# A runspace with the modules of the project as they stand in this one; all sections share it, as long as none hangs.
Function Get-SectionWorker {
    if ($null -ne $script:worker) {
        return $script:worker
    }
    $runspace = [RunspaceFactory]::CreateRunspace([InitialSessionState]::CreateDefault2())
    $runspace.Open()
    # As Ansible has it for a module: commands that are functions of Windows know no other.
    $runspace.SessionStateProxy.SetVariable('ErrorActionPreference', 'Stop')
    $shell = [PowerShell]::Create()
    $shell.Runspace = $runspace
    foreach ($module in Get-Module -Name 'Ansible.ModuleUtils.*') {
        $null = $shell.AddScript(@'
New-Module -Name $args[0] -ScriptBlock ([ScriptBlock]::Create($args[1])) |
    Import-Module -WarningAction SilentlyContinue -Scope Global
'@).AddArgument($module.Name).AddArgument($module.Definition).AddStatement()
    }
    $null = $shell.Invoke()
    $shell.Dispose()
    $script:worker = $runspace
    $runspace
}

# What the function of a section returns (Section), or why it returned nothing (Failure). One that takes longer than
# Seconds is given up with all that it had read: nobody can tell which of it is whole.
Function Invoke-Section {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Function,
        [Hashtable]$Arguments = @{},
        [Parameter(Mandatory = $true)]
        [Int]$Seconds
    )

    $shell = [PowerShell]::Create()
    $shell.Runspace = Get-SectionWorker
    $null = $shell.AddScript($callSection.ToString()).AddArgument($Function).AddArgument($Arguments)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $call = $shell.BeginInvoke()
    # In short turns, so that whoever ends the module does not wait either.
    while (-not $call.IsCompleted -and $watch.Elapsed.TotalSeconds -lt $Seconds) {
        $null = $call.AsyncWaitHandle.WaitOne(200)
    }
    if (-not $call.IsCompleted) {
        # Neither is waited for: what hangs in a call of Windows cannot be stopped.
        $script:worker = $null
        $null = $shell.BeginStop($null, $null)
        return @{ Failure = "timed_out: it had not ended after $Seconds seconds." }
    }
    try {
        $answer = @($shell.EndInvoke($call))
    }
    catch {
        return @{ Failure = $_.Exception.GetBaseException().Message }
    }
    $shell.Dispose()
    if ($answer.Count -ne 1 -or $answer[0] -isnot [Hashtable]) {
        return @{ Failure = "$Function gave $($answer.Count) answers." }
    }
    $answer[0]
}

Export-ModuleMember -Function 'Invoke-Section'

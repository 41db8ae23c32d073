# Runs the section "chocolatey" in PowerShell 7, once for each folder: an installation of Chocolatey with a stand-in for
# choco.exe. Prints one line of JSON for each.
param ([string]$Repository, [string]$Folders, [string]$Seconds)

foreach ($name in 'RawState', 'SectionChocolatey') {
    $text = Get-Content -Raw "$Repository/module_utils/Ansible.ModuleUtils.$name.psm1"
    $text = $text -replace '\[Int\]\$Seconds = \d+', "[Int]`$Seconds = $Seconds"
    New-Module -Name "Ansible.ModuleUtils.$name" -ScriptBlock ([ScriptBlock]::Create($text)) | Import-Module -Global -Force
}
foreach ($folder in $Folders.Split('|')) {
    $env:ChocolateyInstall = $folder
    $answer = try { Get-ChocolateySection } catch { @{ Failure = "$_" } }
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Depth 9 -Compress))
}
[Environment]::Exit(0)

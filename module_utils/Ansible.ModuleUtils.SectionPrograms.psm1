# SPDX-License-Identifier: MIT

# Section "programs" of the visit: the machine's uninstall entries.

$ErrorActionPreference = 'Stop'

Function Get-ProgramsSection {
    $section = @{ Errors = @{} }
    Add-UninstallPart -Section $section -Like '*'
    $section
}

Export-ModuleMember -Function 'Get-ProgramsSection'

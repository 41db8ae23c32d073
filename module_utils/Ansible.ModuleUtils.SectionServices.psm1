# SPDX-License-Identifier: MIT

# Section "services" of the visit: all services.

$ErrorActionPreference = 'Stop'

Function Get-ServicesSection {
    $section = @{ Errors = @{} }
    Add-Part -Section $section -Name Services -Collect {
        , @(
            foreach ($service in Get-CimInstance -ClassName Win32_Service) {
                ConvertTo-RawObject -InputObject $service -Property @(
                    'Name', 'DisplayName', 'State', 'StartMode', 'StartName', 'DelayedAutoStart', 'ExitCode'
                )
            }
        )
    }
    $section
}

Export-ModuleMember -Function 'Get-ServicesSection'

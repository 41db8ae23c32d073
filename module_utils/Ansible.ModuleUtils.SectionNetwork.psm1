# SPDX-License-Identifier: MIT

# Section "network" of the visit: adapters that have addresses.

$ErrorActionPreference = 'Stop'

Function Get-NetworkSection {
    $section = @{ Errors = @{} }
    Add-Part -Section $section -Name Adapters -Collect {
        $class = 'Win32_NetworkAdapterConfiguration'
        , @(
            foreach ($adapter in Get-CimInstance -ClassName $class -Filter 'IPEnabled=TRUE') {
                ConvertTo-RawObject -InputObject $adapter -Property @(
                    'Description', 'MACAddress', 'IPAddress', 'IPSubnet', 'DefaultIPGateway',
                    'DNSServerSearchOrder', 'DHCPEnabled'
                )
            }
        )
    }
    $section
}

Export-ModuleMember -Function 'Get-NetworkSection'

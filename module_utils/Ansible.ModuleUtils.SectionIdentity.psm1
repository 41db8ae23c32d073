# SPDX-License-Identifier: MIT

# Which machine this is, with every visit: before anything is judged, Python asks whether it is the one that was meant.

$ErrorActionPreference = 'Stop'

Function Get-IdentitySection {
    $identity = @{ Errors = @{}; Name = [Environment]::MachineName }
    Add-Part -Section $identity -Name DNSHostName -Collect {
        (Get-RegistryValue -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters' -Name 'Hostname')['Hostname']
    }
    Add-Part -Section $identity -Name MachineGuid -Collect {
        (Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\Cryptography' -Name 'MachineGuid')['MachineGuid']
    }
    Add-Part -Section $identity -Name UUID -Collect {
        (ConvertTo-RawObject -InputObject (Get-CimInstance -ClassName Win32_ComputerSystemProduct) -Property 'UUID')['UUID']
    }
    $identity
}

Export-ModuleMember -Function 'Get-IdentitySection'

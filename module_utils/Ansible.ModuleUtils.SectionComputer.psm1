# SPDX-License-Identifier: MIT

# Section "computer" of the visit: make, model, BIOS, processors, operating system and last start.

$ErrorActionPreference = 'Stop'

Function Get-ComputerSection {
    $section = @{ Errors = @{} }
    Add-Part -Section $section -Name ComputerSystem -Collect {
        ConvertTo-RawObject -InputObject (Get-CimInstance -ClassName Win32_ComputerSystem) -Property @(
            'Name', 'DNSHostName', 'Domain', 'PartOfDomain', 'DomainRole', 'Manufacturer', 'Model',
            'SystemFamily', 'TotalPhysicalMemory', 'NumberOfLogicalProcessors'
        )
    }
    Add-Part -Section $section -Name OperatingSystem -Collect {
        ConvertTo-RawObject -InputObject (Get-CimInstance -ClassName Win32_OperatingSystem) -Property @(
            'Caption', 'Version', 'BuildNumber', 'OSArchitecture', 'ProductType', 'InstallDate',
            'LastBootUpTime', 'FreePhysicalMemory'
        )
    }
    Add-Part -Section $section -Name CurrentVersion -Collect {
        Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -Name @(
            'DisplayVersion', 'ReleaseId', 'EditionID', 'UBR', 'CurrentBuildNumber', 'InstallationType'
        )
    }
    Add-Part -Section $section -Name Bios -Collect {
        , @(
            foreach ($bios in Get-CimInstance -ClassName Win32_BIOS) {
                ConvertTo-RawObject -InputObject $bios -Property @(
                    'Manufacturer', 'SMBIOSBIOSVersion', 'SerialNumber', 'ReleaseDate'
                )
            }
        )
    }
    Add-Part -Section $section -Name Chassis -Collect {
        , @(
            foreach ($enclosure in Get-CimInstance -ClassName Win32_SystemEnclosure) {
                ConvertTo-RawObject -InputObject $enclosure -Property 'ChassisTypes', 'SMBIOSAssetTag'
            }
        )
    }
    Add-Part -Section $section -Name Processors -Collect {
        , @(
            foreach ($processor in Get-CimInstance -ClassName Win32_Processor) {
                ConvertTo-RawObject -InputObject $processor -Property @(
                    'Name', 'NumberOfCores', 'NumberOfLogicalProcessors'
                )
            }
        )
    }
    $section
}

Export-ModuleMember -Function 'Get-ComputerSection'

# SPDX-License-Identifier: MIT

# Section "volumes" of the visit: local volumes.

$ErrorActionPreference = 'Stop'

Function Get-VolumesSection {
    $section = @{ Errors = @{} }
    Add-Part -Section $section -Name Volumes -Collect {
        , @(
            foreach ($volume in Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType=3') {
                ConvertTo-RawObject -InputObject $volume -Property @(
                    'DeviceID', 'VolumeName', 'FileSystem', 'Size', 'FreeSpace'
                )
            }
        )
    }
    $section
}

Export-ModuleMember -Function 'Get-VolumesSection'

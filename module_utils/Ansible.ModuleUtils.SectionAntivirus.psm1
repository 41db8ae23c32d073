# SPDX-License-Identifier: MIT

# Section "antivirus" of the visit: Defender, its detections, what the security center lists, and Bitdefender's agent.

$ErrorActionPreference = 'Stop'

Function Get-AntivirusSection {
    $section = @{ Errors = @{} }
    Add-Part -Section $section -Name Defender -Collect {
        # Servers may lack the feature, and with it the cmdlet.
        if (Get-Command -Name Get-MpComputerStatus -ErrorAction SilentlyContinue) {
            ConvertTo-RawObject -InputObject (Get-MpComputerStatus) -Property @(
                'AMServiceEnabled', 'AMRunningMode', 'AMProductVersion', 'AMEngineVersion',
                'AntivirusEnabled', 'AntivirusSignatureVersion', 'AntivirusSignatureLastUpdated',
                'AntivirusSignatureAge', 'DefenderSignaturesOutOfDate', 'RealTimeProtectionEnabled',
                'OnAccessProtectionEnabled', 'IsTamperProtected', 'QuickScanEndTime', 'QuickScanAge',
                'FullScanEndTime', 'FullScanAge'
            )
        }
        elseif (Get-CimInstance -ClassName Win32_Service -Filter "Name='WinDefend'") {
            throw 'The service of Defender is there, its cmdlets are not.'
        }
        else {
            $null
        }
    }
    Add-Part -Section $section -Name Detections -Collect {
        if (-not (Get-Command -Name Get-MpThreatDetection -ErrorAction SilentlyContinue)) {
            return $null
        }
        # Paths and users of a detection are left on the host: they are personal data.
        , @(
            $names = @{}
            foreach ($threat in Get-MpThreat) {
                $names["$($threat.ThreatID)"] = $threat.ThreatName
            }
            foreach ($detection in Get-MpThreatDetection) {
                $raw = ConvertTo-RawObject -InputObject $detection -Property @(
                    'ThreatID', 'ThreatStatusID', 'ActionSuccess', 'InitialDetectionTime',
                    'LastThreatStatusChangeTime'
                )
                $raw.ThreatName = $names["$($detection.ThreatID)"]
                $raw
            }
        )
    }
    Add-Part -Section $section -Name SecurityCenter -Collect {
        # The namespace exists on clients only.
        $namespace = Get-CimInstance -Namespace root -ClassName __NAMESPACE -Filter "Name='SecurityCenter2'"
        if ($namespace) {
            , @(
                foreach ($product in Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct) {
                    ConvertTo-RawObject -InputObject $product -Property @(
                        'displayName', 'productState', 'timestamp'
                    )
                }
            )
        }
        else {
            $null
        }
    }
    Add-Part -Section $section -Name Bitdefender -Collect {
        $list = Get-UninstallList
        $agents = @($list.Entries | Where-Object { $_.DisplayName -like 'Bitdefender Endpoint Security*' })
        if ($agents.Count -gt 0) {
            @{
                Programs = $agents
                Services = @(
                    foreach ($service in Get-CimInstance -ClassName Win32_Service -Filter "Name LIKE 'EP%Service'") {
                        ConvertTo-RawObject -InputObject $service -Property 'Name', 'State', 'StartMode'
                    }
                )
            }
        }
        elseif ($list.Failures.Count -gt 0) {
            throw $list.Failures[0]
        }
        else {
            $null
        }
    }
    $section
}

Export-ModuleMember -Function 'Get-AntivirusSection'

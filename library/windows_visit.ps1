#!powershell

# SPDX-License-Identifier: MIT

#AnsibleRequires -CSharpUtil Ansible.Basic

# One visit for all services: raw objects under the property names that Windows gives them, dates as
# ISO 8601 in UTC. Nothing is decided here; Python does that, where it is tested.

$spec = @{
    options = @{
        sections = @{
            type = 'list'
            elements = 'str'
            required = $true
            choices = 'computer', 'antivirus', 'updates', 'volumes', 'network', 'programs', 'services'
        }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

# A DateTime of CIM is local, those of the Update Agent's COM objects are UTC without saying so.
Function ConvertTo-UtcText {
    Param ([AllowNull()] [Object]$Value)

    if ($null -eq $Value -or $Value -isnot [DateTime]) {
        return $null
    }
    if ($Value.Kind -eq [DateTimeKind]::Local) {
        $Value = $Value.ToUniversalTime()
    }
    $Value.ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture)
}

# The named properties of an object as a dictionary; a property that this Windows does not have is left out.
Function ConvertTo-RawObject {
    Param (
        [AllowNull()]
        [Object]$InputObject,
        [Parameter(Mandatory = $true)]
        [String[]]$Property
    )

    if ($null -eq $InputObject) {
        return $null
    }
    $raw = @{}
    foreach ($name in $Property) {
        $member = $InputObject.PSObject.Properties[$name]
        if ($null -eq $member) {
            continue
        }
        $value = $member.Value
        if ($value -is [DateTime]) {
            $value = ConvertTo-UtcText -Value $value
        }
        elseif ($value -is [Enum]) {
            $value = $value.ToString()
        }
        $raw[$name] = $value
    }
    $raw
}

# The named values of a registry key; an empty dictionary when the key does not exist.
Function Get-RegistryValue {
    Param (
        [Parameter(Mandatory = $true)]
        [String]$Path,
        [Parameter(Mandatory = $true)]
        [String[]]$Name
    )

    # A key without values gives nothing at all.
    $values = if (Test-Path -LiteralPath $Path) { Get-ItemProperty -LiteralPath $Path }
    if ($null -eq $values) {
        return @{}
    }
    ConvertTo-RawObject -InputObject $values -Property $Name
}

# Runs one part of a section; what it throws is noted under its name, and the other parts go on.
Function Add-Part {
    Param (
        [Parameter(Mandatory = $true)]
        [Hashtable]$Section,
        [Parameter(Mandatory = $true)]
        [String]$Name,
        [Parameter(Mandatory = $true)]
        [ScriptBlock]$Collect
    )

    try {
        $Section[$Name] = & $Collect
    }
    catch {
        $Section.Errors[$Name] = $_.Exception.Message
    }
}

$uninstallKeys = @(
    'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
    'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall'
)

# The uninstall entries of the machine; Win32_Product would start a repair of every MSI package.
Function Get-UninstallEntry {
    foreach ($key in $uninstallKeys) {
        if (-not (Test-Path -LiteralPath $key)) {
            continue
        }
        foreach ($subKey in Get-ChildItem -LiteralPath $key -ErrorAction SilentlyContinue) {
            $entry = @{
                KeyName = $subKey.PSChildName
                Hive = if ($key -like '*WOW6432Node*') { 'machine32' } else { 'machine' }
                DisplayName = $subKey.GetValue('DisplayName')
                DisplayVersion = $subKey.GetValue('DisplayVersion')
                Publisher = $subKey.GetValue('Publisher')
                InstallDate = $subKey.GetValue('InstallDate')
                SystemComponent = $subKey.GetValue('SystemComponent')
                ParentKeyName = $subKey.GetValue('ParentKeyName')
            }
            if ($entry.DisplayName) {
                $entry
            }
        }
    }
}

$collectors = @{
    computer = {
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
                'DisplayVersion', 'ReleaseId', 'EditionID', 'UBR'
            )
        }
        Add-Part -Section $section -Name Bios -Collect {
            ConvertTo-RawObject -InputObject (Get-CimInstance -ClassName Win32_BIOS) -Property @(
                'Manufacturer', 'SMBIOSBIOSVersion', 'SerialNumber', 'ReleaseDate'
            )
        }
        Add-Part -Section $section -Name Chassis -Collect {
            $enclosure = Get-CimInstance -ClassName Win32_SystemEnclosure | Select-Object -First 1
            ConvertTo-RawObject -InputObject $enclosure -Property 'ChassisTypes', 'SMBIOSAssetTag'
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

    antivirus = {
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
            else {
                $null
            }
        }
        Add-Part -Section $section -Name Detections -Collect {
            # Paths and users of a detection are left on the host: they are personal data.
            , @(
                if (Get-Command -Name Get-MpThreatDetection -ErrorAction SilentlyContinue) {
                    $names = @{}
                    foreach ($threat in Get-MpThreat) {
                        $names["$($threat.ThreatID)"] = $threat.ThreatName
                    }
                    $since = (Get-Date).AddDays(-90)
                    foreach ($detection in Get-MpThreatDetection) {
                        $changed = $detection.LastThreatStatusChangeTime
                        if ($changed -and $changed -lt $since) {
                            continue
                        }
                        $raw = ConvertTo-RawObject -InputObject $detection -Property @(
                            'ThreatID', 'ThreatStatusID', 'ActionSuccess', 'InitialDetectionTime',
                            'LastThreatStatusChangeTime'
                        )
                        $raw.ThreatName = $names["$($detection.ThreatID)"]
                        $raw
                    }
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
            $agent = Get-UninstallEntry | Where-Object { $_.DisplayName -like 'Bitdefender Endpoint Security*' } |
                Select-Object -First 1
            if ($agent) {
                @{
                    DisplayName = $agent.DisplayName
                    DisplayVersion = $agent.DisplayVersion
                    Services = @(
                        foreach ($service in Get-CimInstance -ClassName Win32_Service -Filter "Name LIKE 'EP%Service'") {
                            ConvertTo-RawObject -InputObject $service -Property 'Name', 'State', 'StartMode'
                        }
                    )
                }
            }
            else {
                $null
            }
        }
        $section
    }

    updates = {
        $section = @{ Errors = @{} }
        $policyKey = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate'
        Add-Part -Section $section -Name Policy -Collect {
            $policy = Get-RegistryValue -Path "$policyKey\AU" -Name @(
                'NoAutoUpdate', 'AUOptions', 'UseWUServer', 'ScheduledInstallDay', 'ScheduledInstallTime'
            )
            $server = Get-RegistryValue -Path $policyKey -Name 'WUServer'
            $policy['WUServer'] = $server['WUServer']
            $policy
        }
        Add-Part -Section $section -Name Service -Collect {
            $service = Get-CimInstance -ClassName Win32_Service -Filter "Name='wuauserv'"
            ConvertTo-RawObject -InputObject $service -Property 'Name', 'State', 'StartMode'
        }
        Add-Part -Section $section -Name AutoUpdate -Collect {
            $results = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results
            @{
                LastSearchSuccessDate = ConvertTo-UtcText -Value $results.LastSearchSuccessDate
                LastInstallationSuccessDate = ConvertTo-UtcText -Value $results.LastInstallationSuccessDate
            }
        }
        Add-Part -Section $section -Name PendingReboot -Collect {
            $current = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion'
            $session = Get-RegistryValue -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager' -Name @(
                'PendingFileRenameOperations'
            )
            @{
                WindowsUpdate = Test-Path -LiteralPath "$current\WindowsUpdate\Auto Update\RebootRequired"
                ComponentBasedServicing = Test-Path -LiteralPath "$current\Component Based Servicing\RebootPending"
                PendingFileRenameOperations = [Bool]$session['PendingFileRenameOperations']
            }
        }
        Add-Part -Section $section -Name LastBootUpTime -Collect {
            ConvertTo-UtcText -Value (Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime
        }
        Add-Part -Section $section -Name History -Collect {
            $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
            $count = [Math]::Min($searcher.GetTotalHistoryCount(), 100)
            , @(
                if ($count -gt 0) {
                    foreach ($entry in $searcher.QueryHistory(0, $count)) {
                        @{
                            UpdateID = $entry.UpdateIdentity.UpdateID
                            Title = $entry.Title
                            Date = ConvertTo-UtcText -Value $entry.Date
                            Operation = [Int]$entry.Operation
                            ResultCode = [Int]$entry.ResultCode
                            HResult = [Int64]$entry.HResult
                        }
                    }
                }
            )
        }
        Add-Part -Section $section -Name Available -Collect {
            # Offline: what the agent has already heard of, in a second; win_updates makes the long search.
            $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
            $searcher.Online = $false
            , @(
                foreach ($update in $searcher.Search('IsInstalled=0 and IsHidden=0').Updates) {
                    @{
                        UpdateID = $update.Identity.UpdateID
                        Title = $update.Title
                        KBArticleIDs = @(foreach ($article in $update.KBArticleIDs) { "$article" })
                        MsrcSeverity = $update.MsrcSeverity
                        LastDeploymentChangeTime = ConvertTo-UtcText -Value $update.LastDeploymentChangeTime
                        IsDownloaded = $update.IsDownloaded
                        RebootRequired = $update.RebootRequired
                    }
                }
            )
        }
        $section
    }

    volumes = {
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

    network = {
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

    programs = {
        $section = @{ Errors = @{} }
        Add-Part -Section $section -Name Programs -Collect {
            , @(Get-UninstallEntry)
        }
        $section
    }

    services = {
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
}

$sections = @{}
$errors = @{}
$milliseconds = @{}

foreach ($name in $module.Params.sections) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    try {
        $sections[$name] = & $collectors[$name]
    }
    catch {
        $errors[$name] = $_.Exception.Message
    }
    $milliseconds[$name] = $watch.ElapsedMilliseconds
}

$module.Result.changed = $false
$module.Result.collected_at = ConvertTo-UtcText -Value ([DateTime]::UtcNow)
$module.Result.sections = $sections
$module.Result.errors = $errors
$module.Result.milliseconds = $milliseconds

$module.ExitJson()

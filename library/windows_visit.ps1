#!powershell

# SPDX-License-Identifier: MIT

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell Ansible.ModuleUtils.RawState

# One visit for all services: raw objects under the property names that Windows gives them, dates as
# ISO 8601 in UTC. Nothing is decided here; Python does that, where it is tested.
#
# What is not there ($null, an empty list) and what could not be read are two things: whatever is read stands inside
# Add-Part, and every error is a terminating one there, so that a part which failed stands in Errors and nowhere else.

$ErrorActionPreference = 'Stop'

$spec = @{
    options = @{
        sections = @{
            type = 'list'
            elements = 'str'
            required = $true
            choices = 'computer', 'antivirus', 'updates', 'volumes', 'network', 'programs', 'packages', 'services',
                'anydesk', 'sessions'
        }
    }
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

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

# The uninstall entries whose name is like Name; where not all keys could be read, the part stands in Errors as well.
Function Add-UninstallPart {
    Param (
        [Parameter(Mandatory = $true)]
        [Hashtable]$Section,
        [Parameter(Mandatory = $true)]
        [String]$Like
    )

    Add-Part -Section $Section -Name Programs -Collect {
        $list = Get-UninstallList
        if ($list.Failures.Count -gt 0) {
            $Section.Errors['Programs'] = $list.Failures[0]
        }
        , @($list.Entries | Where-Object { $_.DisplayName -like $Like })
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
        Add-Part -Section $section -Name GroupPolicy -Collect {
            Get-RegistryValue -Path $policyKey -Name @(
                'PauseQualityUpdates', 'PauseQualityUpdatesStartTime', 'PauseFeatureUpdates',
                'PauseFeatureUpdatesStartTime', 'DeferQualityUpdates', 'DeferQualityUpdatesPeriodInDays',
                'TargetReleaseVersion', 'TargetReleaseVersionInfo', 'ProductVersion', 'DisableWindowsUpdateAccess',
                'DoNotConnectToWindowsUpdateInternetLocations', 'SetPolicyDrivenUpdateSourceForQualityUpdates',
                'AllowAutoWindowsUpdateDownloadOverMeteredNetwork'
            )
        }
        Add-Part -Section $section -Name DevicePolicy -Collect {
            Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\Update' -Name @(
                'PauseQualityUpdates', 'PauseQualityUpdatesStartTime', 'PauseFeatureUpdates',
                'PauseFeatureUpdatesStartTime', 'DeferQualityUpdatesPeriodInDays', 'TargetReleaseVersion',
                'ProductVersion', 'SetPolicyDrivenUpdateSourceForQualityUpdates',
                'AllowAutoWindowsUpdateDownloadOverMeteredNetwork'
            )
        }
        Add-Part -Section $section -Name UserSettings -Collect {
            Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings' -Name @(
                'PauseUpdatesStartTime', 'PauseUpdatesExpiryTime', 'PauseQualityUpdatesStartTime',
                'PauseQualityUpdatesEndTime', 'PauseFeatureUpdatesStartTime', 'PauseFeatureUpdatesEndTime',
                'DeferQualityUpdatesPeriodInDays', 'AllowAutoWindowsUpdateDownloadOverMeteredNetwork'
            )
        }
        Add-Part -Section $section -Name PauseStatus -Collect {
            Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\Settings' -Name @(
                'PausedQualityStatus', 'PausedQualityDate', 'PausedFeatureStatus', 'PausedFeatureDate'
            )
        }
        Add-Part -Section $section -Name ConnectionCost -Collect {
            # Windows' own answer for the connection in use; a Windows without this type, or without a connection, has none.
            $type = 'Windows.Networking.Connectivity.NetworkInformation, Windows, ContentType=WindowsRuntime'
            $information = [Type]::GetType($type)
            $connection = if ($null -ne $information) { $information::GetInternetConnectionProfile() }
            if ($null -ne $connection) {
                @{ NetworkCostType = "$($connection.GetConnectionCost().NetworkCostType)" }
            }
        }
        Add-Part -Section $section -Name Connections -Collect {
            # What was chosen in the settings for the adapters that lead out; a subkey is really named "*".
            $profiles = 'HKLM:\SOFTWARE\Microsoft\DusmSvc\Profiles'
            $class = 'Win32_NetworkAdapterConfiguration'
            , @(
                foreach ($adapter in Get-CimInstance -ClassName $class -Filter 'IPEnabled=TRUE') {
                    if ($null -eq $adapter.DefaultIPGateway) {
                        continue
                    }
                    $key = "$profiles\$($adapter.SettingID)\*"
                    $cost = Get-RegistryValue -Path $key -Name 'UserCost'
                    @{ SettingID = $adapter.SettingID; UserCost = $cost['UserCost'] }
                }
            )
        }
        Add-Part -Section $section -Name Service -Collect {
            $service = Get-CimInstance -ClassName Win32_Service -Filter "Name='wuauserv'"
            ConvertTo-RawObject -InputObject $service -Property 'Name', 'State', 'StartMode'
        }
        Add-Part -Section $section -Name Windows -Collect {
            Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -Name @(
                'CurrentBuildNumber', 'UBR', 'EditionID', 'InstallationType', 'InstallDate'
            )
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
                WindowsUpdate = Test-RegistryKey -Path "$current\WindowsUpdate\Auto Update\RebootRequired"
                ComponentBasedServicing = Test-RegistryKey -Path "$current\Component Based Servicing\RebootPending"
                PendingFileRenameOperations = [Bool]$session['PendingFileRenameOperations']
            }
        }
        Add-Part -Section $section -Name LastBootUpTime -Collect {
            ConvertTo-UtcText -Value (Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime
        }
        Add-Part -Section $section -Name History -Collect {
            # Virus definitions come several times a day and would push all else out: their category is left out.
            $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
            $count = [Math]::Min($searcher.GetTotalHistoryCount(), 1000)
            , @(
                if ($count -gt 0) {
                    $left = 200
                    foreach ($entry in $searcher.QueryHistory(0, $count)) {
                        $section.HistoryReachesTo = ConvertTo-UtcText -Value $entry.Date
                        $categories = @(foreach ($category in $entry.Categories) { "$($category.CategoryID)" })
                        if ($categories -contains 'e0789628-ce08-4437-be74-2495b842f43b') {
                            continue
                        }
                        if ($left -eq 0) {
                            break
                        }
                        $left--
                        @{
                            UpdateID = $entry.UpdateIdentity.UpdateID
                            RevisionNumber = $entry.UpdateIdentity.RevisionNumber
                            CategoryIDs = $categories
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
                foreach ($update in $searcher.Search('IsInstalled=0').Updates) {
                    @{
                        UpdateID = $update.Identity.UpdateID
                        RevisionNumber = $update.Identity.RevisionNumber
                        CategoryIDs = @(foreach ($category in $update.Categories) { "$($category.CategoryID)" })
                        IsHidden = $update.IsHidden
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
        Add-UninstallPart -Section $section -Like '*'
        $section
    }

    packages = {
        # What Chocolatey's packages depend on: choco tells it of none that is installed.
        $section = @{ Errors = @{} }
        $root = $env:ChocolateyInstall
        if (-not $root) {
            $root = Join-Path -Path $env:ProgramData -ChildPath 'chocolatey'
        }
        Add-Part -Section $section -Name Packages -Collect {
            $library = Join-Path -Path $root -ChildPath 'lib'
            , @(
                if (Test-Path -LiteralPath $library) {
                    foreach ($file in Get-ChildItem -Path "$library\*\*.nuspec") {
                        $document = New-Object -TypeName Xml.XmlDocument
                        $document.Load($file.FullName)
                        @{
                            Id = [String]$document.package.metadata.id
                            Dependencies = @(
                                foreach ($one in $document.SelectNodes("//*[local-name()='dependency']")) {
                                    $one.GetAttribute('id')
                                }
                            )
                        }
                    }
                }
            )
        }
        Add-Part -Section $section -Name IgnoresUnfound -Collect {
            # Then a source that is away shows nowhere: what it should have told of is not listed as outdated.
            $settings = Join-Path -Path $root -ChildPath 'config\chocolatey.config'
            if (Test-Path -LiteralPath $settings) {
                $document = New-Object -TypeName Xml.XmlDocument
                $document.Load($settings)
                $name = 'ignoreUnfoundPackagesOnUpgradeOutdated'
                $feature = $document.SelectSingleNode("//feature[@name='$name']")
                $null -ne $feature -and $feature.GetAttribute('enabled') -eq 'true'
            }
            else {
                $false
            }
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

    anydesk = {
        $section = @{ Errors = @{} }
        Add-UninstallPart -Section $section -Like 'AnyDesk*'
        # A client with somebody's own look carries its name behind AnyDesk's: AnyDesk-ad_1a2b3c4d. There may be several.
        Add-Part -Section $section -Name Services -Collect {
            , @(
                foreach ($service in Get-CimInstance -ClassName Win32_Service -Filter "Name LIKE 'AnyDesk%'") {
                    ConvertTo-RawObject -InputObject $service -Property 'Name', 'State', 'StartMode', 'PathName'
                }
            )
        }
        Add-Part -Section $section -Name Installations -Collect {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            , @(
                foreach ($path in Get-AnyDeskPath -Service $section['Services']) {
                    Get-AnyDeskInstallation -Path $path -Service $section['Services'] -Watch $watch
                }
            )
        }
        Add-Part -Section $section -Name Mark -Collect {
            Get-RegistryValue -Path 'HKLM:\SOFTWARE\Serviceheft\RemoteAccess' -Name 'PasswordFingerprint'
        }
        $section
    }

    sessions = {
        $section = @{ Errors = @{} }
        Add-Part -Section $section -Name People -Collect {
            # Told by processes, for a RemoteApp has no desktop, and what quser prints depends on the language. Services
            # and WinRM are in session 0; what Windows itself runs in a session belongs to nobody. Only the number
            # leaves the host.
            $ofWindows = 'dwm.exe', 'winlogon.exe', 'csrss.exe', 'fontdrvhost.exe', 'LogonUI.exe'
            $people = @{}
            $told = @{}
            $wanted = 'Handle', 'Name', 'SessionId'
            foreach ($process in Get-CimInstance -ClassName Win32_Process -Filter 'SessionId > 0' -Property $wanted) {
                $number = "$($process.SessionId)"
                if ($people.ContainsKey($number) -or $ofWindows -contains $process.Name) {
                    continue
                }
                $owner = try {
                    Invoke-CimMethod -InputObject $process -MethodName GetOwnerSid
                }
                catch {
                    # It may have ended meanwhile.
                    $null
                }
                if ($null -eq $owner -or $owner.ReturnValue -ne 0) {
                    if (-not $told.ContainsKey($number)) {
                        $told[$number] = $false
                    }
                    continue
                }
                $told[$number] = $true
                if ("$($owner.Sid)" -match '^S-1-(5-21|12-1)-') {
                    $people[$number] = $true
                }
            }
            if ($told.Values -contains $false) {
                throw 'There is a session of which nobody can be told to be the owner.'
            }
            $people.Count
        }
        $section
    }
}

# Which machine this is, with every visit: before anything is judged, Python asks whether it is the one that was meant.
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
$module.Result.identity = $identity
$module.Result.sections = $sections
$module.Result.errors = $errors
$module.Result.milliseconds = $milliseconds

$module.ExitJson()

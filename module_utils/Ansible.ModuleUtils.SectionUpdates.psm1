# SPDX-License-Identifier: MIT

# Section "updates" of the visit: what rules automatic updating, what holds updates back, and what was installed.

$ErrorActionPreference = 'Stop'

Function Get-UpdatesSection {
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
    $section
}

Export-ModuleMember -Function 'Get-UpdatesSection'

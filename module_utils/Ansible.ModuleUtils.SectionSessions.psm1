# SPDX-License-Identifier: MIT

# Section "sessions" of the visit: how many people are signed in whose work a restart would end.

$ErrorActionPreference = 'Stop'

Function Get-SessionsSection {
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

Export-ModuleMember -Function 'Get-SessionsSection'

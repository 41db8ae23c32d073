# lab: signed_in
# How many people are signed in, at the device or over the network, locked and disconnected sessions included: each
# has a shell of its own. Only the number leaves the host.
$ErrorActionPreference = 'Stop'
$shells = Get-CimInstance -ClassName Win32_Process -Filter "Name = 'explorer.exe'"
$people = foreach ($shell in $shells) {
    $owner = Invoke-CimMethod -InputObject $shell -MethodName GetOwner
    if ($owner.ReturnValue -ne 0) { throw "The owner of a shell cannot be told ($($owner.ReturnValue))." }
    "$($owner.Domain)\$($owner.User)"
}
@($people | Sort-Object -Unique).Count
$Ansible.Changed = $false

# SPDX-License-Identifier: MIT

# Section "search" of the visit: the updates that this Windows lacks, by a search of its Update Agent where it is told to
# look. All of them, hidden ones and those of every category: what of it is wanted is decided in Python.

$ErrorActionPreference = 'Stop'

# Calls a method and waits so that the wait can be given up: what hangs then is a thread that no process waits for.
Function Invoke-Method {
    Param (
        [Parameter(Mandatory = $true)]
        [Object]$InputObject,
        [Parameter(Mandatory = $true)]
        [String]$Name,
        [Object[]]$ArgumentList = @()
    )

    $object = $InputObject.PSObject.BaseObject
    $signature = [Type[]]@([String], [Reflection.BindingFlags], [Reflection.Binder], [Object], [Object[]])
    $call = [Linq.Expressions.Expression]::Call(
        [Linq.Expressions.Expression]::Constant($object.GetType(), [Type]),
        [Type].GetMethod('InvokeMember', $signature),
        [Linq.Expressions.Expression[]]@(
            [Linq.Expressions.Expression]::Constant($Name, [String])
            [Linq.Expressions.Expression]::Constant([Reflection.BindingFlags]::InvokeMethod, [Reflection.BindingFlags])
            [Linq.Expressions.Expression]::Constant($null, [Reflection.Binder])
            [Linq.Expressions.Expression]::Constant($object, [Object])
            [Linq.Expressions.Expression]::Constant($ArgumentList, [Object[]])
        )
    )
    $none = [Linq.Expressions.ParameterExpression[]]@()
    $function = [Linq.Expressions.Expression]::Lambda([Func[Object]], $call, $none).Compile()
    $options = [Threading.Tasks.TaskCreationOptions]::LongRunning
    $task = [Threading.Tasks.Task[Object]]::Factory.StartNew($function, $options)
    while (-not $task.IsCompleted) {
        $null = ([IAsyncResult]$task).AsyncWaitHandle.WaitOne(200)
    }
    if ($task.IsFaulted) {
        throw $task.Exception.GetBaseException()
    }
    $task.Result
}

# The agent's failure as its HRESULT; its words are in the host's language, and may name servers and users.
Function Get-FailureCode {
    Param (
        [Parameter(Mandatory = $true)]
        [Exception]$Exception
    )

    '0x{0:X8}' -f $Exception.GetBaseException().HResult
}

# ServerSelection: default (as this Windows is set up), managed_server or windows_update.
Function Get-SearchSection {
    Param (
        [Parameter(Mandatory = $true)]
        [ValidateSet('default', 'managed_server', 'windows_update')]
        [String]$ServerSelection
    )

    $section = @{ Errors = @{}; ServerSelection = $ServerSelection }
    Add-Part -Section $section -Name RebootRequired -Collect {
        try {
            $required = (New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired
        }
        catch {
            throw (Get-FailureCode -Exception $_.Exception)
        }
        # A property that fails may read as nothing, without an error.
        if ($required -isnot [Boolean]) {
            throw 'It was not told.'
        }
        $required
    }
    Add-Part -Section $section -Name Updates -Collect {
        try {
            $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
            $searcher.ServerSelection = @{ default = 0; managed_server = 1; windows_update = 2 }[$ServerSelection]
            $result = Invoke-Method -InputObject $searcher -Name Search -ArgumentList 'IsInstalled=0'
            $code = [Int]$result.ResultCode
        }
        catch {
            throw (Get-FailureCode -Exception $_.Exception)
        }
        # 2: succeeded; 3: with warnings, which some agents have for ever.
        if ($code -ne 2 -and $code -ne 3) {
            throw "The search ended with the result $code."
        }
        $section.ResultCode = $code
        , @(
            foreach ($update in $result.Updates) {
                $size = $update.MaxDownloadSize
                @{
                    UpdateID = $update.Identity.UpdateID
                    RevisionNumber = $update.Identity.RevisionNumber
                    Title = $update.Title
                    KBArticleIDs = @(foreach ($article in $update.KBArticleIDs) { "$article" })
                    CategoryIDs = @(foreach ($category in $update.Categories) { "$($category.CategoryID)" })
                    Categories = @(foreach ($category in $update.Categories) { "$($category.Name)" })
                    MsrcSeverity = $update.MsrcSeverity
                    LastDeploymentChangeTime = ConvertTo-UtcText -Value $update.LastDeploymentChangeTime
                    IsHidden = $update.IsHidden
                    IsDownloaded = $update.IsDownloaded
                    BrowseOnly = $update.BrowseOnly
                    MaxDownloadSize = if ($null -ne $size) { [Int64]$size } else { $null }
                    RebootBehavior = $update.InstallationBehavior.RebootBehavior
                }
            }
        )
    }
    $section
}

Export-ModuleMember -Function 'Get-SearchSection'

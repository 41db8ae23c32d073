# Runs the section "search" in PowerShell 7, once for each case, with a stand-in for the Update Agent. Prints one line of
# JSON for each.
param ([string]$Repository, [string]$Cases)

Add-Type -TypeDefinition @'
using System;
using System.Collections;
using System.Runtime.InteropServices;
public class Named { public string CategoryID; public string Name; }
public class Identity { public string UpdateID; public int RevisionNumber; }
public class Behavior { public int RebootBehavior; }
public class Update {
    public Identity Identity = new Identity();
    public string Title; public ArrayList KBArticleIDs = new ArrayList(); public ArrayList Categories = new ArrayList();
    public string MsrcSeverity; public DateTime LastDeploymentChangeTime; public bool IsHidden; public bool IsDownloaded;
    public bool BrowseOnly; public decimal MaxDownloadSize; public Behavior InstallationBehavior = new Behavior();
}
public class Result { public int ResultCode = 2; public ArrayList Updates = new ArrayList(); }
public class Searcher {
    public static string Case; public static string Asked;
    public int ServerSelection;
    public Result Search(string criteria) {
        Asked = ServerSelection + " " + criteria;
        if (Case == "fails") { throw new COMException("Windows Update konnte nicht suchen", unchecked((int)0x8024402C)); }
        Result result = new Result();
        if (Case == "failed") { result.ResultCode = 4; }
        if (Case == "warnings") { result.ResultCode = 3; }
        int count = Case == "none" ? 0 : Case == "many" ? 2 : 1;
        for (int number = 0; number < count; number++) {
            Update update = new Update();
            update.Identity.UpdateID = "0f0f0f0f-0000-0000-0000-00000000000" + number;
            update.Identity.RevisionNumber = 201;
            update.Title = "2026-11 Kumulatives Update f\u00fcr Windows 11 (KB506886" + number + ")";
            update.KBArticleIDs.Add("506886" + number);
            Named category = new Named();
            category.CategoryID = "0fa1201d-4330-4fa8-8ae9-b877473b6441"; category.Name = "Sicherheitsupdates";
            update.Categories.Add(category);
            update.MsrcSeverity = "Critical";
            update.LastDeploymentChangeTime = new DateTime(2026, 11, 10, 0, 0, 0, DateTimeKind.Utc);
            update.IsHidden = Case == "hidden";
            update.MaxDownloadSize = 734003200m;
            update.InstallationBehavior.RebootBehavior = 2;
            result.Updates.Add(update);
        }
        return result;
    }
}
public class Session { public Searcher CreateUpdateSearcher() { return new Searcher(); } }
public class SystemInfo {
    public bool RebootRequired {
        get {
            if (Searcher.Case == "denied") { throw new COMException("Zugriff verweigert", unchecked((int)0x80070005)); }
            return true;
        }
    }
}
'@
function global:New-Object {
    [CmdletBinding()] param ([string]$ComObject, [string]$TypeName, $ArgumentList, $Property)
    switch ($ComObject) {
        'Microsoft.Update.Session' { return [Session]::new() }
        'Microsoft.Update.SystemInfo' { return [SystemInfo]::new() }
        default { throw "The stand-in does not know $ComObject$TypeName." }
    }
}
foreach ($name in 'RawState', 'SectionSearch') {
    $text = Get-Content -Raw "$Repository/module_utils/Ansible.ModuleUtils.$name.psm1"
    New-Module -Name "Ansible.ModuleUtils.$name" -ScriptBlock ([ScriptBlock]::Create($text)) | Import-Module -Global -Force
}
foreach ($case in $Cases.Split('|')) {
    [Searcher]::Case = $case
    $selection = if ($case -eq 'wsus') { 'managed_server' } elseif ($case -eq 'microsoft') { 'windows_update' } else { 'default' }
    $answer = try { Get-SearchSection -ServerSelection $selection } catch { @{ Failure = "$_" } }
    $answer.Asked = [Searcher]::Asked
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Depth 9 -Compress))
}
[Environment]::Exit(0)

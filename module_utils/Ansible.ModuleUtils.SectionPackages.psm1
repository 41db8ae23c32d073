# SPDX-License-Identifier: MIT

# Section "packages" of the visit: what Chocolatey's packages depend on: choco tells it of none that is installed.

$ErrorActionPreference = 'Stop'

Function Get-PackagesSection {
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

Export-ModuleMember -Function 'Get-PackagesSection'

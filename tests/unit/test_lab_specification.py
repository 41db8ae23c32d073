"""Reading argument specifications out of PowerShell modules."""

import pytest

from lab.windows import modules
from lab.windows.specification import COMPUTED, read_specification
from tests.unit.lab_machines import module_file

BASIC = """
#!powershell
#AnsibleRequires -CSharpUtil Ansible.Basic
$spec = @{
    options = @{
        name = @{ type = 'str'; required = $true; aliases = @("n", 'nm') }  # a comment
        'mode' = @{ type = "str"; choices = "a", "b"; default = "a" }
        count = @{ type = 'int'; default = 3 }
        one = @{ type = 'list'; elements = 'str'; aliases = 'single'; default = @() }
        computed = @{ type = [Func[[Object], [Object]]] { [int]$args[0] } }
        nested = @{
            type = 'dict'
            options = @{ key = @{ type = 'bool'; default = $false } }
        }
    }
    required_if = @(, @("mode", "b", @("count")))
    mutually_exclusive = @(
        @("name", "one"),
        @("count", "nested")
    )
    required_together = @(
        , @("name", "count")
    )
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$module.Result.options = @{ not = @{ the = 'spec' } }
"""
LEGACY = """
#Requires -Module Ansible.ModuleUtils.Legacy
$params = Parse-Args $args -supports_check_mode $true
$path = Get-AnsibleParam -obj $params -name "path" -type "path" -failifempty $true -aliases "dest", "name"
$state = Get-AnsibleParam $params "state" -type 'str' -validateset "absent", "present" -default 'present'
$when = Get-AnsibleParam -obj $params -name "when" -failifempty ($state -eq 'present')
"""


def test_a_hashtable_literal() -> None:
    read = read_specification(BASIC)
    assert read is not None
    assert read.options == {
        "name": {"type": "str", "required": True, "aliases": ["n", "nm"]},
        "mode": {"type": "str", "choices": ["a", "b"], "default": "a"},
        "count": {"type": "int", "default": 3},
        "one": {"type": "list", "elements": "str", "aliases": "single", "default": []},
        "computed": {"type": COMPUTED},
        "nested": {"type": "dict", "options": {"key": {"type": "bool", "default": False}}},
    }
    assert read.constraints["required_if"] == [["mode", "b", ["count"]]]
    assert read.constraints["mutually_exclusive"] == [["name", "one"], ["count", "nested"]]
    assert read.constraints["required_together"] == [["name", "count"]]
    assert read.supports_check_mode
    assert not read.legacy


def test_arguments_read_one_by_one() -> None:
    read = read_specification(LEGACY)
    assert read is not None
    assert read.legacy
    assert read.supports_check_mode
    assert read.options == {
        "path": {"type": "path", "required": True, "aliases": ["dest", "name"]},
        "state": {"type": "str", "required": False, "choices": ["absent", "present"], "default": "present"},
        "when": {"required": False},
    }


@pytest.mark.parametrize("script", ["", "#!powershell\nGet-Process\n", "$x = @{ a = 1 }"])
def test_no_specification(script: str) -> None:
    assert read_specification(script) is None


def test_every_module_that_the_lab_answers_can_be_read() -> None:
    modules.find("load all")
    answered = [name for name in modules.names() if not name.startswith("ansible.legacy.")]
    assert len(answered) > 12
    unread = [
        name
        for name in answered
        if read_specification(module_file(name).read_text(encoding="utf-8-sig")) is None
    ]
    assert unread == []

"""What a run accepts of ansible-playbook's options, variables and vaults, and of the environment."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.cli.playbook import PlaybookCLI

from serviceheft import settings
from serviceheft.running import environment, invocation
from serviceheft.running.session import Order
from serviceheft.running.typed import NotAccepted

REPOSITORY = settings.REPOSITORY


def called(*options: str, playbook: str = "playbooks/weekly.yml") -> Any:
    """The arguments as Ansible itself reads them."""
    cli = PlaybookCLI(["ansible-playbook", *options, str(REPOSITORY / playbook)])
    cli.init_parser()
    return vars(cli.post_process_args(cli.parser.parse_args(cli.args[1:])))


def ordered(*options: str, emergency: bool = False) -> Order:
    return invocation.order(called(*options), cadence="weekly", emergency=emergency)


def test_all_that_heft_says_is_read_back() -> None:
    assert ordered(
        "-e", '{"heft_ticket": "7", "heft_only_open": true}', "-e", '{"heft_catch_up": false}'
    ) == Order(cadence="weekly", dry_run=False, ticket="7", only_open=True)
    given = '{"heft_emergency": "KB5068861", "heft_reason": "now", "heft_maximum_hosts": 3}'
    assert ordered("-e", given, "--check", "-l", "pc-1", emergency=True) == Order(
        cadence="weekly",
        dry_run=True,
        limit="pc-1",
        emergency="KB5068861",
        reason="now",
        maximum_hosts=3,
    )


@pytest.mark.parametrize(
    "given",
    [
        "heft_ticket=7",
        "@inventories/praxis_sued/group_vars/all/vault.yml",
        "@/etc/passwd",
        "/etc/passwd",
        "{heft_ticket: 7}",
        "{heft_ticket: !unsafe x}",
        '["heft_ticket"]',
        '"heft_ticket"',
        "null",
        "",
        "[" * 100_000,
    ],
)
def test_variables_come_as_json_only(given: str) -> None:
    with pytest.raises(NotAccepted, match=r"^-e takes JSON, no file and no name=value: "):
        ordered("-e", given)


@pytest.mark.parametrize(
    "name",
    [
        "ansible_host",
        "ansible_connection",
        "ansible_winrm_server_cert_validation",
        "vault_x",
        "heft_",
        "a\x1b",
    ],
)
def test_no_variable_of_an_inventory_or_a_role_comes_from_the_command_line(name: str) -> None:
    with pytest.raises(
        NotAccepted, match=r"^-e takes heft_ticket, .*: everything else is said by the inventory\.$"
    ):
        ordered("-e", f'{{"{name.replace(chr(27), chr(92) + "u001b")}": "x"}}')


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('{"heft_only_open": "true"}', "heft_only_open takes true or false, without quotes"),
        ('{"heft_only_open": 1}', "heft_only_open takes true or false, without quotes"),
        ('{"heft_ticket": 7}', "heft_ticket takes a text, in quotes"),
        ('{"heft_ticket": ["7"]}', "heft_ticket takes a text, in quotes"),
        ('{"heft_ticket": null}', "heft_ticket takes a text, in quotes"),
        (
            '{"heft_ticket": "a\\u001b"}',
            "heft_ticket takes one line of readable text, and this is none: a[U+001B]",
        ),
        ('{"heft_maximum_hosts": "3"}', "heft_maximum_hosts takes a whole number from 1 on"),
        ('{"heft_maximum_hosts": true}', "heft_maximum_hosts takes a whole number from 1 on"),
        ('{"heft_maximum_hosts": 0}', "heft_maximum_hosts takes a whole number from 1 on"),
        ('{"heft_maximum_hosts": 1e400}', "heft_maximum_hosts takes a whole number from 1 on"),
        ('{"heft_ticket": "1", "heft_ticket": "2"}', "heft_ticket is given twice."),
    ],
)
def test_values_have_their_kind(given: str, message: str) -> None:
    with pytest.raises(NotAccepted, match=f"^{re.escape(message)}"):
        ordered("-e", given)


def test_a_week_is_no_emergency_and_an_emergency_is_no_week() -> None:
    with pytest.raises(NotAccepted, match=r"^heft_emergency belongs to playbooks/emergency.yml alone"):
        ordered("-e", '{"heft_emergency": "KB5068861", "heft_reason": "x"}')
    with pytest.raises(NotAccepted, match=r"^This playbook carries out one named update"):
        ordered(emergency=True)


def test_a_limit_typed_directly_is_no_file_either() -> None:
    with pytest.raises(NotAccepted, match=r"^--limit takes names and groups of hosts"):
        ordered("-l", "@hosts")


@pytest.mark.parametrize(
    "options",
    [
        ("-c", "local"),
        ("-u", "root"),
        ("--private-key", "x"),
        ("--ssh-common-args", "-o ProxyCommand=id"),
        ("--ssh-extra-args", "x"),
        ("-b",),
        ("--become-user", "x"),
        ("-k",),
        ("-M", "elsewhere"),
        ("-T", "1"),
        ("--connection-password-file", "x"),
    ],
)
def test_options_that_say_how_hosts_are_reached_are_refused(options: tuple[str, ...]) -> None:
    with pytest.raises(
        NotAccepted, match=r"^A run does not take --[a-z-]+: the inventory says how hosts are reached\."
    ):
        invocation.check_options(called(*options))


def test_options_that_say_what_is_visited_and_shown_are_taken() -> None:
    invocation.check_options(called("--check", "--diff", "-l", "x", "-f", "5", "-vvv", "-t", "x", "--step"))


def test_the_most_verbose_output_is_refused() -> None:
    with pytest.raises(NotAccepted, match=r"^From -vvvv on, connections print secrets\."):
        invocation.check_options(called("-vvvv"))


@pytest.mark.parametrize(
    "options",
    [
        ("--vault-id", "praxis_sued@x"),
        ("--vault-id", "musterbau@x", "--vault-id", "praxis_sued@y"),
        ("--vault-id", "x"),
        ("--vault-password-file", "x"),
        ("--vault-id", "musterbau@x", "--vault-password-file", "y"),
        ("-J",),
    ],
)
def test_one_vault_is_opened_its_customers(options: tuple[str, ...]) -> None:
    with pytest.raises(
        NotAccepted, match=r"^A run opens one vault, its customer's\. .* --vault-id musterbau@FILE"
    ):
        invocation.check_vaults(called(*options), "musterbau")


def test_the_customers_own_vault_is_opened() -> None:
    invocation.check_vaults(called("--vault-id", "musterbau@lab/x"), "musterbau")


def test_a_stray_variable_makes_no_run_a_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Molecule adds an inventory of its own, in a folder that a variable names. In a service run it adds nothing."""
    monkeypatch.setenv("MOLECULE_EPHEMERAL_DIRECTORY", str(tmp_path))
    for playbook in (REPOSITORY / "playbooks").glob("*.yml"):
        assert invocation.scratch_of_a_test(called(playbook=f"playbooks/{playbook.name}"), os.environ) is None
    assert invocation.scratch_of_a_test(called(playbook="tests/../playbooks/weekly.yml"), os.environ) is None
    converge = called(playbook="tests/molecule/shared/converge.yml")
    assert invocation.scratch_of_a_test(converge, os.environ) == tmp_path
    assert invocation.scratch_of_a_test(converge, {}) is None


@pytest.mark.parametrize(
    "name",
    [
        *("ANSIBLE_DEBUG", "ANSIBLE_KEEP_REMOTE_FILES", "ANSIBLE_NO_LOG", "ANSIBLE_DISPLAY_ARGS_TO_STDOUT"),
        *(
            "ANSIBLE_STDOUT_CALLBACK",
            "ANSIBLE_CALLBACKS_ENABLED",
            "ANSIBLE_CALLBACK_PLUGINS",
            "ANSIBLE_LOG_PATH",
        ),
        *("ANSIBLE_LIBRARY", "ANSIBLE_CONNECTION_PLUGINS", "ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_VERBOSITY"),
        *(
            "ANSIBLE_VAULT_PASSWORD_FILE",
            "ANSIBLE_VAULT_IDENTITY_LIST",
            "ANSIBLE_COLLECTIONS_PATH",
            "ANSIBLE_HOME",
        ),
        *("_ANSIBLE_CONNECTION_PATH", "_ansible_ansiballz_debugpy_config", "ANSIBLE_OF_THE_NEXT_VERSION"),
        *("PYTHONPATH", "PYTHONHOME"),
    ],
)
def test_an_environment_that_prints_secrets_or_changes_a_run_is_refused(name: str) -> None:
    with pytest.raises(NotAccepted, match=rf"^{name} in the environment .* env -u {name} "):
        environment.refuse_foreign({"HOME": "/", name: "1"})


def test_another_configuration_is_refused_and_ours_is_not(tmp_path: Path) -> None:
    with pytest.raises(NotAccepted, match=r"^ANSIBLE_CONFIG"):
        environment.refuse_foreign({"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")})
    environment.refuse_foreign(
        {"ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "1"}
    )


def test_ansible_gets_our_configuration_and_no_foreign_python() -> None:
    given = environment.for_ansible({"PATH": "/bin", "PYTHONSTARTUP": "x", "PYTHONUNBUFFERED": "1"})
    assert given == {
        "PATH": "/bin",
        "PYTHONUNBUFFERED": "1",
        "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
    }


def test_only_what_is_known_to_be_harmless_is_accepted_of_ansibles_own_settings() -> None:
    """Each setting of the installed Ansible, read from its own list."""
    import ansible.config

    listed = Path(ansible.config.__file__).with_name("base.yml").read_text(encoding="utf-8")
    names = {env["name"] for option in yaml.safe_load(listed).values() for env in option.get("env", ())}
    assert len(names) > 150
    accepted = {name for name in names if "ANSIBLE" in name and not _refused(name)}
    assert accepted == {
        *("ANSIBLE_FORCE_COLOR", "ANSIBLE_NOCOLOR", "ANSIBLE_NOCOWS", "ANSIBLE_FORKS", "ANSIBLE_INVENTORY"),
        "ANSIBLE_DEPRECATION_WARNINGS",
    }


def _refused(name: str) -> bool:
    try:
        environment.refuse_foreign({name: "1"})
    except NotAccepted:
        return True
    return False


def test_no_playbook_and_no_role_reads_what_was_typed() -> None:
    yml = [*(REPOSITORY / "roles").rglob("*.yml"), *(REPOSITORY / "playbooks").rglob("*.yml")]
    text = "\n".join(
        line
        for path in yml
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("#")
    )
    assert not re.search(r"\bheft_(ticket|only_open|catch_up|emergency|reason|maximum_hosts)\b", text)

"""Nothing is published that nobody allowed: publishing stops, and names the field, never its value."""

import re
from typing import Any

import pytest

from serviceheft.assess.judgement import CAUSES
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.variables import FIELDS
from serviceheft.publish import allowed, words
from serviceheft.publish.reader import Reader
from serviceheft.publish.words import Undeclared
from serviceheft.services import CHECKS, SERVICES, SUBJECTS, WANTED

SECRET = "Sommer2026!"
DE = Reader("de")


#: What a secret, an account or an address in the network can be called.
CONFIDENTIAL = re.compile(r"password|secret|key|username|url|_ca$|parent_id")


def test_only_known_variables_are_shown_and_no_confidential_ones() -> None:
    shown = set(WANTED) | set(allowed.DEVICE)
    assert shown <= set(FIELDS)
    assert not [name for name in shown if CONFIDENTIAL.search(name)]
    assert [name for name in FIELDS if CONFIDENTIAL.search(name)]


def test_every_check_and_wanted_counterpart_has_words() -> None:
    assert {cause.check for key, cause in CAUSES.items() if not key.startswith("testing.")} <= set(CHECKS)
    named = {field.wanted for subject in SUBJECTS.values() for field in subject.fields if field.wanted}
    assert named <= set(WANTED)


def test_no_two_subjects_declare_the_same_check_or_variable() -> None:
    assert len(CHECKS) == sum(len(subject.checks) for subject in SUBJECTS.values())
    assert len(WANTED) == sum(len(subject.wanted) for subject in SUBJECTS.values())


def test_every_subject_names_roles_of_the_catalogue() -> None:
    roles = {service.role for service in load_catalogue().services.values()}
    assert SERVICES.keys() <= roles


def test_connection_secrets_and_references_are_left_out() -> None:
    variables = {
        "ansible_password": SECRET,
        "ansible_user": "svc",
        "vault_x": SECRET,
        "antivirus_check_gravityzone_api_key": SECRET,
        "antivirus_check_product": "defender",
    }
    assert allowed.wanted(variables, "pc-01") == {"antivirus_check_product": "defender"}


def test_an_undeclared_variable_stops_the_publishing() -> None:
    with pytest.raises(Undeclared) as refused:
        allowed.wanted({"wifi_profile_passphrase": SECRET}, "pc-01")
    assert str(refused.value) == (
        "pc-01: the inventory's schema does not know the variable wifi_profile_passphrase, so it cannot be "
        "published. Correct the inventory: heft validate says where."
    )


def test_a_reference_in_a_shown_variable_stops_the_publishing() -> None:
    with pytest.raises(Undeclared, match="holds a reference and not a value"):
        allowed.wanted({"documentation_serial_number": "{{ vault_serial }}"}, "pc-01")


@pytest.mark.parametrize(
    ("subject", "state", "message"),
    [
        (
            "antivirus",
            {"ansible_password": SECRET},
            "pc-01: antivirus: the field 'ansible_password' is not declared",
        ),
        ("antivirus", {"product_name": {"token": SECRET}}, "the field 'product_name' holds no text"),
        ("antivirus", {"product": SECRET}, "the field 'product' holds no text"),
        ("antivirus", {"last_scan_at": SECRET}, "the field 'last_scan_at' holds no moment"),
        ("antivirus", {"active_detections": True}, "the field 'active_detections' holds no number"),
        ("antivirus", {"threats": [{"x": SECRET}]}, "the field 'threats' holds no list"),
        (
            "updates",
            {"missing": [{"title": "x", "password": SECRET}]},
            "the field 'password' is not declared",
        ),
        ("updates", {"missing": SECRET}, "the field 'missing' holds no table"),
        ("updates", {"missing": [SECRET]}, "this is no normal form"),
        ("wifi", {"ssid": SECRET}, "the book holds a subject that no normal form declares"),
    ],
)
def test_measured_state_that_does_not_fit_its_form_stops_the_publishing(
    subject: str, state: dict[str, Any], message: str
) -> None:
    with pytest.raises(Undeclared) as refused:
        allowed.measured(subject, state, "pc-01")
    assert message in str(refused.value)
    assert SECRET not in str(refused.value)


def test_unknown_causes_and_values_stop_the_publishing() -> None:
    with pytest.raises(Undeclared, match="a cause that is not registered"):
        allowed.sentence(DE, "wifi.open", {})
    with pytest.raises(Undeclared) as refused:
        allowed.sentence(DE, "antivirus.real_time_off", {"password": SECRET})
    assert str(refused.value) == "The cause antivirus.real_time_off does not list the value 'password'."


def test_codes_in_sentences_become_words() -> None:
    sentence = allowed.sentence(DE, "antivirus.other_scanner", {"found": "kaspersky", "expected": "none"})
    assert sentence == "Aktiv ist: Kaspersky. Vereinbart ist: kein Scanner."


def test_a_reason_is_the_fixed_text_of_its_code_and_never_quoted() -> None:
    assert allowed.reason(DE, "reach.no_route") == "Das Gerät ist ausgeschaltet oder nicht im Netz"
    assert allowed.reason(DE, f"login failed with {SECRET}") == "Ein Grund, den diese Version nicht kennt"
    assert allowed.reason(DE, None) == ""


def test_unknown_states_are_refused() -> None:
    with pytest.raises(Undeclared):
        words.mark(words.OUTCOMES, SECRET, DE)


def test_only_what_was_measured_and_well_is_green() -> None:
    green = {
        code
        for table in (words.OUTCOMES, words.HOSTS, words.OWED)
        for code, (_, tone) in table.items()
        if tone == "done"
    }
    assert green == {"done"}

"""Every text for customers is translated, and the committed catalogue says nothing that the code does not."""

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog

from serviceheft import i18n, settings


def german() -> Catalog:
    return i18n.catalogue("de")


def singular(message: str | tuple[str, ...]) -> str:
    return message[0] if isinstance(message, tuple) else message


def test_every_msgid_in_the_code_has_a_german_translation() -> None:
    catalogue = german()
    missing = {
        f"{file}:{line}: {singular(message)}"
        for file, line, message in i18n.messages_in_code()
        if (entry := catalogue.get(singular(message))) is None or not i18n.translated(entry.string)
    }
    assert not missing, "run `python -m serviceheft.i18n`, then translate in the .po files"


def test_no_entry_is_stale_or_fuzzy() -> None:
    in_code = {singular(message) for _, _, message in i18n.messages_in_code()}
    catalogue = german()
    stale = {singular(entry.id) for entry in catalogue if entry.id} - in_code
    assert not stale
    assert not [entry.id for entry in catalogue if entry.id and entry.fuzzy]
    for path in i18n.catalogue_files("de"):
        with path.open("rb") as source:
            assert not pofile.read_po(source, locale="de").obsolete, path


def test_translations_use_the_placeholders_of_their_msgid() -> None:
    for entry in german():
        if not entry.id:
            continue
        expected = i18n.placeholders(singular(entry.id))
        for text in entry.string if isinstance(entry.string, tuple) else (entry.string,):
            assert i18n.placeholders(text) == expected, entry.id


def test_update_would_leave_the_committed_catalogue_as_it_is() -> None:
    expected = i18n.updated("de")
    assert sorted(expected) == sorted(i18n.catalogue_files("de"))
    for path, text in expected.items():
        assert path.read_text("utf-8") == text, "Run: python -m serviceheft.i18n"


def test_a_text_of_one_service_alone_stands_beside_its_code() -> None:
    own = (settings.REPOSITORY / "src/serviceheft/services/remote_access/de.po").read_text("utf-8")
    assert "AnyDesk is missing" in own
    for path in i18n.catalogue_files("de"):
        assert path.parent.name == "remote_access" or "AnyDesk is missing" not in path.read_text("utf-8")


def test_causes_reasons_and_labels_that_the_code_registers_are_translated() -> None:
    from serviceheft import services
    from serviceheft.assess.judgement import CAUSES
    from serviceheft.assess.reasons import REASONS

    texts = [
        text
        for key, cause in CAUSES.items()
        if not key.startswith("testing.")
        for text in (cause.title, cause.sentence, cause.advice)
    ]
    texts += [text for reason in REASONS.values() for text in (reason.title, reason.advice)]
    for subject in services.SUBJECTS.values():
        texts += [subject.title, *subject.checks.values()]
        texts += [text for it in subject.wanted.values() for text in (it.label, *(it.words or {}).values())]
        for field in subject.fields:
            texts += [field.label, *(field.words or {}).values()]
            texts += [column.label for column in field.columns]
    catalogue = german()
    assert not [text for text in texts if catalogue.get(text) is None]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^'fr' is none of de, en\.$"):
        i18n.translations("fr")


def test_english_is_what_the_code_says() -> None:
    assert i18n.translations("en").gettext("Maintenance windows") == "Maintenance windows"
    assert i18n.translations("de").gettext("Maintenance windows") == "Wartungsfenster"

"""2.7: is the agreed virus scanner at work, current and quiet?

Two sources are judged together: Windows' own data and, where it was agreed, the scanner's console. What
neither tells is "not measured", never green.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self

from serviceheft.assess.judgement import Judgement
from serviceheft.assess.normalform import as_measured
from serviceheft.assess.reading import mapping, text, version_key
from serviceheft.assess.reasons import REASONS
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.i18n import N_
from serviceheft.services.antivirus_check import state as scanner
from serviceheft.services.antivirus_check.state import ScannerState

SUBJECT = Subject(
    "antivirus",
    N_("Virus protection"),
    place=20,
    form=ScannerState,
    checks={
        "antivirus.scanner": N_("agreed scanner at work"),
        "antivirus.definitions": N_("age of the definitions"),
        "antivirus.product": N_("version of the scanner"),
        "antivirus.real_time": N_("real-time protection"),
        "antivirus.scan": N_("last scan"),
        "antivirus.detections": N_("detections"),
        "antivirus.updates": N_("scanner's own updating"),
        "antivirus.licence": N_("licence"),
        "antivirus.console": N_("known to the console"),
        "antivirus.console_contact": N_("contact to the console"),
    },
    wanted={
        "antivirus_check_product": Wanted(N_("Scanner")),
        "antivirus_check_maximum_definition_age_days": Wanted(N_("Age of the definitions at most"), "days"),
        "antivirus_check_minimum_product_version": Wanted(N_("Product version at least")),
        "antivirus_check_maximum_scan_age_days": Wanted(N_("Age of the last scan at most"), "days"),
        "antivirus_check_maximum_console_silence_days": Wanted(
            N_("Silence towards the console at most"), "days"
        ),
    },
)


@dataclass(frozen=True)
class AntivirusPolicy:
    """The wanted state; an age of None means that it was not agreed and is not checked."""

    product: str = "defender"
    maximum_definition_age_days: int | None = 3
    minimum_product_version: str | None = None
    maximum_scan_age_days: int | None = 14
    maximum_console_silence_days: int | None = 7

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> Self:
        """From a host's variables antivirus_check_*; whatever else stands there is left alone."""
        prefix = "antivirus_check_"
        return cls(
            **{
                field.name: variables[prefix + field.name]
                for field in fields(cls)
                if prefix + field.name in variables
            }
        )


def judge(
    section: Mapping[str, Any] | None,
    console: Mapping[str, Any] | None,
    policy: AntivirusPolicy,
    now: datetime,
) -> Judgement:
    """Judge one host.

    `section` is the visit's raw antivirus section, None when the visit lacks it. `console` is what
    serviceheft.vendors.gravityzone.for_host returns ({"available", "reason", "fetched_at", "endpoint"}), None
    when nothing was asked; it is looked at for the product bitdefender only. `now` is aware.
    """
    verdict = Verdict(SUBJECT.name)
    present = isinstance(section, Mapping) and bool(section)
    windows = scanner.from_windows(mapping(section), now) if present else None
    _judge_presence(verdict, mapping(section) if present else None, windows, policy)
    if policy.product == "bitdefender":
        endpoint = _judge_console(verdict, console, policy, now)
        state = scanner.merged(windows, scanner.from_console(endpoint, now) if endpoint else None)
        if not (state.active_detections or (present and scanner.detections_read(mapping(section)))):
            state = replace(state, active_detections=None)
        missing = _console_reason(console) if endpoint is None else "antivirus.not_shown"
        _judge_agent(verdict, state, missing)
    elif policy.product == "kaspersky":
        state, missing = windows or ScannerState(), "antivirus.no_client"
    else:
        state = windows or ScannerState()
        only_hint = windows is not None and windows.product not in ("defender", "none", None)
        missing = (
            "visit.section_missing"
            if windows is None
            else ("antivirus.only_a_hint" if only_hint else "visit.section_failed")
        )
    if not _nothing_to_judge(state, policy):
        _judge_state(verdict, state, policy, now, missing)
    known = as_measured(state)
    return verdict.conclude(known if any(value is not None for value in known.values()) else {})


def _nothing_to_judge(state: ScannerState, policy: AntivirusPolicy) -> bool:
    """Without a scanner there are no definitions to be old: one finding says it all."""
    return state.product == "none" and policy.product in ("defender", "none")


def _judge_presence(
    verdict: Verdict,
    section: Mapping[str, Any] | None,
    windows: ScannerState | None,
    policy: AntivirusPolicy,
) -> None:
    check = "antivirus.scanner"
    if section is None or windows is None:
        verdict.unmeasured(check, "visit.section_missing")
    elif windows.product is None:
        verdict.unmeasured(check, "visit.section_failed")
    elif windows.product == "none":
        verdict.found("antivirus.no_scanner", expected=policy.product)
    elif policy.product not in (windows.product, "none"):
        verdict.found("antivirus.other_scanner", found=windows.product, expected=policy.product)
    elif windows.product == "defender" or scanner.bitdefender_runs(section):
        verdict.ok(check)
    elif (
        windows.product == "bitdefender"
        and scanner.bitdefender_runs(section) is False
        and section.get("Bitdefender")
    ):
        # Installed, but its service stands still: the real-time check says so.
        verdict.ok(check)
    else:
        verdict.unmeasured(check, "antivirus.only_a_hint")


def _judge_console(
    verdict: Verdict, console: Mapping[str, Any] | None, policy: AntivirusPolicy, now: datetime
) -> Mapping[str, Any] | None:
    """The console's word on whether it knows the host and when it saw it; the endpoint where there is one."""
    check, contact = "antivirus.console", "antivirus.console_contact"
    reason = _console_reason(console)
    if reason != "console.host_unknown" and reason is not None:
        verdict.unmeasured(check, reason)
        verdict.unmeasured(contact, reason)
        return None
    endpoint = mapping(console, "endpoint")
    if not endpoint:
        verdict.found("antivirus.console_unknown_host")
        verdict.unmeasured(contact, "console.host_unknown")
        return None
    verdict.ok(check)
    if policy.maximum_console_silence_days is not None:
        verdict.age(
            "antivirus.console_silent",
            scanner.from_console(endpoint, now).console_last_seen_at,
            policy.maximum_console_silence_days,
            now,
            moment_name="last_seen_at",
            missing="antivirus.not_shown",
        )
    return endpoint


def _console_reason(console: Mapping[str, Any] | None) -> str | None:
    """Why the console says nothing on this host; None when it does."""
    if not isinstance(console, Mapping):
        return "console.not_asked"
    if console.get("available") is not True:
        reason = text(console, "reason")
        return reason if reason in REASONS else "console.invalid_answer"
    return None if mapping(console, "endpoint") else "console.host_unknown"


def _judge_agent(verdict: Verdict, state: ScannerState, missing: str | None) -> None:
    """What only a managed agent has: its own updating and its licence."""
    reason = missing or "antivirus.not_shown"
    if state.updates_disabled is None:
        verdict.unmeasured("antivirus.updates", reason)
    elif state.updates_disabled:
        verdict.found("antivirus.updates_disabled")
    else:
        verdict.ok("antivirus.updates")
    if state.licence is None:
        verdict.unmeasured("antivirus.licence", reason)
    elif state.licence != "active":
        verdict.found("antivirus.licence_missing", state=state.licence)
    else:
        verdict.ok("antivirus.licence")


def _judge_state(
    verdict: Verdict, state: ScannerState, policy: AntivirusPolicy, now: datetime, missing: str | None
) -> None:
    reason = missing or "antivirus.not_shown"
    _judge_definitions(verdict, state, policy, now, reason)
    _judge_product(verdict, state, policy, reason)
    if state.real_time_protection is None:
        verdict.unmeasured("antivirus.real_time", reason)
    elif state.real_time_protection:
        verdict.ok("antivirus.real_time")
    else:
        verdict.found("antivirus.real_time_off")
    if state.active_detections is None:
        verdict.unmeasured("antivirus.detections", reason)
    elif state.active_detections > 0:
        verdict.found(
            "antivirus.active_detections",
            count=state.active_detections,
            threats=", ".join(state.threats or ()) or None,
        )
    else:
        verdict.ok("antivirus.detections")
    if policy.maximum_scan_age_days is not None:
        if state.never_scanned:
            verdict.found("antivirus.never_scanned")
        else:
            verdict.age(
                "antivirus.scan_outdated",
                state.last_scan_at,
                policy.maximum_scan_age_days,
                now,
                moment_name="scanned_at",
                missing=reason,
            )


def _judge_definitions(
    verdict: Verdict, state: ScannerState, policy: AntivirusPolicy, now: datetime, reason: str
) -> None:
    """One finding at most: never loaded, else too old, else outdated by the scanner's own word."""
    too_old = False
    if state.definitions_never_loaded:
        verdict.found("antivirus.definitions_never_loaded")
        return
    if policy.maximum_definition_age_days is not None:
        too_old = verdict.age(
            "antivirus.definitions_outdated",
            state.definitions_updated_at,
            policy.maximum_definition_age_days,
            now,
            moment_name="updated_at",
            missing=reason,
        )
    if state.definitions_outdated and not too_old:
        verdict.found("antivirus.definitions_called_outdated")
    elif state.definitions_outdated is False:
        verdict.ok("antivirus.definitions")


def _judge_product(verdict: Verdict, state: ScannerState, policy: AntivirusPolicy, reason: str) -> None:
    """Two questions under one check: the agreed minimum where there is one, and the scanner's own word."""
    check = "antivirus.product"
    minimum = policy.minimum_product_version
    if minimum is not None:
        actual, least = version_key(state.product_version), version_key(minimum)
        if actual is None or least is None:
            verdict.unmeasured(check, reason)
        elif actual < least:
            verdict.found("antivirus.product_below_minimum", version=state.product_version, minimum=minimum)
            return
        else:
            verdict.ok(check)
    if state.product_outdated:
        verdict.found("antivirus.product_outdated", version=state.product_version)
    elif state.product_outdated is False:
        verdict.ok(check)
    elif policy.product == "bitdefender":
        verdict.unmeasured(check, reason)

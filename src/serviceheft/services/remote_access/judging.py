"""2.4: AnyDesk as agreed on this computer? What is there, by whom it is signed, and whether it can be reached.

Where there are several clients, the provider's is judged, and nothing is done to another one.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.normalform import Kind, as_measured, shown
from serviceheft.assess.parts import lacking, told, told_rows
from serviceheft.assess.reading import mapping, text, texts, version_key
from serviceheft.assess.reading import version as told_version
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.i18n import N_
from serviceheft.services.remote_access.anydesk import Client, Clients, read_clients

SIGNATURES = {"valid": N_("valid"), "invalid": N_("not valid"), "none": N_("not signed")}
SERVICE_STATES = {"running": N_("running"), "stopped": N_("stopped"), "missing": N_("missing")}

_ID = re.compile(r"[1-9][0-9]{5,15}")
#: Without one AnyDesk answers other things, such as SERVICE_NOT_RUNNING.
_ALIAS = re.compile(r"[^@\s]+@[^@\s]+")
_SEVERAL = "remote_access.several_clients"


@dataclass(frozen=True)
class RemoteAccessState:
    """The provider's AnyDesk on a computer; None means: not told. `installed` false: all but `others` is None."""

    installed: bool | None = shown(N_("AnyDesk installed"), Kind.FLAG)
    client: str | None = shown(N_("AnyDesk's client"), wanted="remote_access_client")
    id: str | None = shown(N_("AnyDesk id"))
    alias: str | None = shown(N_("AnyDesk alias"))
    version: str | None = shown(N_("Version"), wanted="remote_access_minimum_version")
    signer: str | None = shown(N_("Signer"))
    signature: str | None = shown(N_("Signature"), words=SIGNATURES)
    service: str | None = shown(N_("Service"), words=SERVICE_STATES)
    others: tuple[str, ...] | None = shown(N_("Other clients of AnyDesk"), Kind.LIST)


SUBJECT = Subject(
    "remote_access",
    N_("Remote access"),
    place=40,
    form=RemoteAccessState,
    checks={
        "remote_access.installed": N_("AnyDesk installed"),
        "remote_access.version": N_("version of AnyDesk"),
        "remote_access.service": N_("AnyDesk's service"),
        "remote_access.id": N_("AnyDesk's id"),
        "remote_access.signature": N_("AnyDesk's signature"),
        "remote_access.signer": N_("AnyDesk's signer"),
        "remote_access.password": N_("AnyDesk's unattended password"),
        "remote_access.other_clients": N_("other clients of AnyDesk"),
    },
    wanted={
        "remote_access_client": Wanted(N_("AnyDesk's client")),
        "remote_access_minimum_version": Wanted(N_("AnyDesk's version at least")),
    },
)


@dataclass(frozen=True)
class RemoteAccessPolicy:
    """What is wanted. Without password and key, setting the unattended password is not our affair."""

    minimum_version: str
    signers: tuple[str, ...]
    package: str
    password: str | None = field(default=None, repr=False)
    fingerprint_key: str | None = field(default=None, repr=False)
    #: Name of the provider's client; None: the only one that is there.
    client: str | None = None

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> Self:
        """From the flat variables remote_access_*."""
        return cls(
            minimum_version=str(variables["remote_access_minimum_version"]),
            signers=texts(variables, "remote_access_signers"),
            package=str(variables["remote_access_package"]),
            client=text(variables, "remote_access_client"),
            password=variables.get("remote_access_password") or None,
            fingerprint_key=variables.get("remote_access_fingerprint_key") or None,
        )

    def fingerprint(self, identifier: str) -> str | None:
        """What is kept on the host in place of the password; None when no password is wanted.

        Keyed, so that nobody can try passwords against it, and bound to AnyDesk's id, so that an installation
        made anew (which has lost its password and gets another id) does not pass for one that has it.
        """
        if self.password is None or self.fingerprint_key is None:
            return None
        message = f"anydesk-password-1\n{identifier}\n{self.password}"
        return hmac.digest(self.fingerprint_key.encode(), message.encode(), "sha256").hex()


def judge(section: Mapping[str, Any] | None, policy: RemoteAccessPolicy) -> Judgement:
    """Judge one host by the visit's raw section "anydesk"."""
    clients = read_clients(section)
    state = read_state(section, policy)
    verdict = Verdict(SUBJECT.name)
    _judge_others(verdict, section, state, clients)
    if state.installed is None:
        several = len(clients.found) > 1 and _provider(section, clients, policy) is None
        verdict.unmeasured("remote_access.installed", _SEVERAL if several else lacking(section))
        return verdict.conclude(_known(state))
    if not state.installed:
        verdict.found("remote_access.missing")
        return verdict.conclude(_known(state))
    verdict.ok("remote_access.installed")
    _judge_version(verdict, state, policy)
    _judge_signature(verdict, state, policy)
    if state.service is None:
        verdict.unmeasured("remote_access.service", "visit.section_failed")
    elif state.service == "running":
        verdict.ok("remote_access.service")
    else:
        verdict.found("remote_access.service_stopped")
    if state.id is None:
        verdict.unmeasured("remote_access.id", "remote_access.no_id")
    else:
        verdict.ok("remote_access.id")
    _judge_password(verdict, section, state, policy)
    return verdict.conclude(_known(state))


def read_state(section: Mapping[str, Any] | None, policy: RemoteAccessPolicy) -> RemoteAccessState:
    """The raw section as normal form."""
    clients = read_clients(section)
    ours = _provider(section, clients, policy)
    named = _named(clients, policy)
    if ours is None:
        return RemoteAccessState(
            installed=None if named or not clients.complete else False,
            # Which of several is another's is known only where the provider's has a name.
            others=tuple(one.name for one in clients.found if one not in named) if policy.client else None,
        )
    file = mapping(ours.file)
    signature = mapping(file, "Signature")
    status = text(signature, "Status")
    identifier, alias = ours.id, text(mapping(file, "Answers"), "Alias")
    return RemoteAccessState(
        installed=True,
        client=ours.name,
        id=identifier if identifier and _ID.fullmatch(identifier) else None,
        alias=alias if alias and _ALIAS.fullmatch(alias) else None,
        version=told_version(file, "FileVersion"),
        signer=text(signature, "SimpleName"),
        signature=None if status is None else {"Valid": "valid", "NotSigned": "none"}.get(status, "invalid"),
        service=_service_state(ours, clients),
        others=tuple(one.name for one in clients.found if one is not ours),
    )


def _known(state: RemoteAccessState) -> dict[str, Any]:
    known = as_measured(state)
    return known if state.installed is not None or state.others else {}


def _named(clients: Clients, policy: RemoteAccessPolicy) -> tuple[Client, ...]:
    return clients.found if policy.client is None else clients.named(policy.client)


def _provider(
    section: Mapping[str, Any] | None, clients: Clients, policy: RemoteAccessPolicy
) -> Client | None:
    """The provider's client: the one of its name, or which alone is there, or which has the mark of its password.

    None where there is none, or nothing tells which of several it is. A source that was not read may hold another one:
    then only a name that is declared, and found just so, tells.
    """
    named = _named(clients, policy)
    marked = [one for one in named if _is_marked(section, one, policy)]
    if len(named) == 1:
        return named[0] if clients.complete or _is_exact(named[0], policy) else None
    return marked[0] if len(marked) == 1 and clients.complete else None


def _is_exact(client: Client, policy: RemoteAccessPolicy) -> bool:
    return policy.client is not None and client.name.casefold() == policy.client.casefold()


def _is_marked(section: Mapping[str, Any] | None, client: Client, policy: RemoteAccessPolicy) -> bool:
    wanted = policy.fingerprint(client.id) if client.id else None
    kept = text(told(section, "Mark"), "PasswordFingerprint")
    return wanted is not None and kept is not None and hmac.compare_digest(wanted.encode(), kept.encode())


def _service_state(client: Client, clients: Clients) -> str | None:
    if not clients.services_read:
        return None
    if client.service is None:
        return "missing"
    state = text(client.service, "State")
    return None if state is None else "running" if state == "Running" else "stopped"


def actions(section: Mapping[str, Any] | None, policy: RemoteAccessPolicy) -> tuple[Action, ...]:
    """What is to be done, in its order: planned, or held with the reason why it must not be done now.

    A file that nobody accepted vouches for gets no password and is not started; a file that is too old is
    replaced whoever signed it, for then the new one is measured.
    """
    state = read_state(section, policy)
    if state.installed is None:
        return ()
    found: list[Action] = []
    if not state.installed:
        found.append(Action("anydesk.install", policy.package, ActionResult.PLANNED))
    elif _is_outdated(state, policy):
        values = {"version": state.version}
        found.append(Action("anydesk.upgrade", policy.package, ActionResult.PLANNED, values=values))
    replaced = bool(found)
    trusted = replaced or (state.signature == "valid" and state.signer in policy.signers)
    if state.installed and state.service == "stopped":
        held = None if trusted else "remote_access.not_trusted"
        found.append(_action("anydesk.start", state.client or policy.package, held))
    if _password_is_due(section, state, policy):
        starts = replaced or state.service == "stopped"
        reason = (
            "remote_access.password_unusable"
            if not _usable(policy.password or "")
            else "remote_access.not_trusted"
            if not trusted
            else "remote_access.no_id"
            if state.id is None and not starts
            else None
        )
        found.append(_action("anydesk.set_password", state.id or policy.package, reason))
    return tuple(found)


def provider_file(section: Mapping[str, Any] | None, policy: RemoteAccessPolicy) -> str | None:
    """The path of the provider's program file; None where it is not known which it is."""
    ours = _provider(section, read_clients(section), policy)
    return text(ours.file, "Path") if ours else None


def _action(kind: str, subject: str, held: str | None) -> Action:
    return Action(kind, subject, ActionResult.HELD if held else ActionResult.PLANNED, held)


def _is_outdated(state: RemoteAccessState, policy: RemoteAccessPolicy) -> bool:
    actual, least = version_key(state.version), version_key(policy.minimum_version)
    return actual is not None and least is not None and actual < least


def _judge_version(verdict: Verdict, state: RemoteAccessState, policy: RemoteAccessPolicy) -> None:
    if version_key(state.version) is None or version_key(policy.minimum_version) is None:
        verdict.unmeasured("remote_access.version", "visit.section_failed")
    elif _is_outdated(state, policy):
        verdict.found("remote_access.outdated", version=state.version, minimum=policy.minimum_version)
    else:
        verdict.ok("remote_access.version")


def _judge_signature(verdict: Verdict, state: RemoteAccessState, policy: RemoteAccessPolicy) -> None:
    """A name says something only where the signature holds."""
    if state.signature is None:
        verdict.unmeasured("remote_access.signature", "visit.section_failed")
    elif state.signature != "valid":
        verdict.found("remote_access.signature_invalid")
    else:
        verdict.ok("remote_access.signature")
    if state.signature != "valid" or state.signer is None:
        verdict.unmeasured("remote_access.signer", "remote_access.not_trusted")
    elif state.signer in policy.signers:
        verdict.ok("remote_access.signer")
    else:
        verdict.found("remote_access.foreign_signer", signer=state.signer)


def _judge_others(
    verdict: Verdict, section: Mapping[str, Any] | None, state: RemoteAccessState, clients: Clients
) -> None:
    check = "remote_access.other_clients"
    if state.others:
        verdict.found("remote_access.other_client", count=len(state.others), clients=", ".join(state.others))
    elif clients.complete and (state.others is not None or not clients.found):
        verdict.ok(check)
    else:
        verdict.unmeasured(check, _SEVERAL if clients.complete else lacking(section))


def _judge_password(
    verdict: Verdict, section: Mapping[str, Any] | None, state: RemoteAccessState, policy: RemoteAccessPolicy
) -> None:
    if policy.password is None:
        return
    if state.id is None:
        verdict.unmeasured("remote_access.password", "remote_access.no_id")
    elif told(section, "Mark") is None:
        verdict.unmeasured("remote_access.password", "visit.section_failed")
    elif _password_is_due(section, state, policy):
        verdict.found("remote_access.password_not_set")
    else:
        verdict.ok("remote_access.password")


def _password_is_due(
    section: Mapping[str, Any] | None, state: RemoteAccessState, policy: RemoteAccessPolicy
) -> bool:
    """Also when it has no id yet: then nothing can prove that it was set. Not when mark or id were not read."""
    mark = told(section, "Mark")
    files_read = told_rows(section, "Installations") is not None
    if policy.password is None or mark is None or not (state.id or files_read):
        return False
    wanted = policy.fingerprint(state.id) if state.id else None
    kept = text(mark, "PasswordFingerprint")
    return wanted is None or kept is None or not hmac.compare_digest(wanted.encode(), kept.encode())


def _usable(password: str) -> bool:
    """What surely travels through a pipe as it is: visible ASCII in one line."""
    return len(password) >= 8 and all("!" <= character <= "~" for character in password)

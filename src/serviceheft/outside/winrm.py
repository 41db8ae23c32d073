"""WinRM by pywinrm, hardened."""

import requests
import winrm
import winrm.transport

from serviceheft.outside.connections import Guarded, demand, of_ansible
from serviceheft.outside.conversation import ConversationEnded
from serviceheft.outside.sessions import harden

builtin = of_ansible("winrm")

#: Further arguments of pywinrm that an inventory may name, ansible_winrm_...: who signs in, and how patient we are.
_HARMLESS = frozenset(
    {
        *("ca_trust_path", "cert_pem", "cert_key_pem", "kerberos_hostname_override", "service"),
        *("operation_timeout_sec", "read_timeout_sec"),
    }
)
#: Those that could switch off a check, and the values that do not.
_CHECKED: dict[str, frozenset[object]] = {
    "server_cert_validation": frozenset({"validate"}),
    "message_encryption": frozenset({"auto", "always"}),
    "send_cbt": frozenset({True, "true", "yes"}),
    "credssp_disable_tlsv1_2": frozenset({False, "false", "no"}),
    "proxy": frozenset({None, ""}),
}


class Transport(winrm.transport.Transport):  # type: ignore[misc]
    """pywinrm's, with a hardened session."""

    def build_session(self) -> requests.Session:
        session: requests.Session = super().build_session()
        harden(session, self.ca_trust_path)
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Speaks with the host while the session is being built."""
        harden(session, self.ca_trust_path)
        super().setup_encryption(session)


class Protocol(winrm.Protocol):  # type: ignore[misc]
    """pywinrm's, with that transport. Its __init__ stays: Ansible reads there which arguments it may pass on."""

    @property
    def transport(self) -> Transport:
        return self._transport

    @transport.setter
    def transport(self, theirs: winrm.transport.Transport) -> None:
        self._transport = Transport.__new__(Transport)
        self._transport.__dict__.update(theirs.__dict__)


builtin.Protocol = Protocol  # type: ignore[attr-defined]


class Connection(Guarded, builtin.Connection):  # type: ignore[misc, name-defined]
    """Ansible's winrm connection within limits."""

    def silence_seconds(self) -> float:
        if (patience := self.get_option("connection_timeout")) is not None:
            return float(patience) + 10.0  # as Ansible derives it
        given = (self.get_option("_extras") or {}).get("ansible_winrm_read_timeout_sec")
        return float(given or winrm.Protocol.DEFAULT_READ_TIMEOUT_SEC)

    def changes_process(self) -> bool:
        """A ticket that Ansible fetches itself lies where the environment of the process says (KRB5CCNAME)."""
        try:
            self._build_winrm_kwargs()
        except ConversationEnded:
            return False  # nothing will be connected, as connecting says
        return bool(self._kerb_managed)

    def _build_winrm_kwargs(self) -> None:
        extras = self.get_option("_extras") or {}
        named = {name.removeprefix("ansible_winrm_"): value for name, value in extras.items()}
        demand({"ansible_winrm_scheme": (self.get_option("scheme"), frozenset({None, "https"}))})
        demand(
            {
                f"ansible_winrm_{name}": (value, _CHECKED.get(name, frozenset()))
                for name, value in named.items()
                if name not in _HARMLESS
            }
        )
        super()._build_winrm_kwargs()
        self._winrm_scheme = "https"  # also at port 5985, where Ansible takes http
        self._winrm_kwargs |= {
            "ca_trust_path": named.get("ca_trust_path"),
            "server_cert_validation": "validate",
            "send_cbt": True,
            "proxy": None,
        }

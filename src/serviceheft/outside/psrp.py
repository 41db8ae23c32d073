"""PSRP by pypsrp, hardened."""

from typing import Any

import requests
from pypsrp import wsman

from serviceheft.outside.connections import Guarded, demand, of_ansible
from serviceheft.outside.sessions import harden

builtin = of_ansible("psrp")


class Transport(wsman._TransportHTTP):  # type: ignore[misc] # noqa: SLF001 (where the session is made)
    """pypsrp's, with a hardened session."""

    def _build_session(self) -> requests.Session:
        session: requests.Session = super()._build_session()
        harden(session, self.cert_validation if isinstance(self.cert_validation, str) else None)
        return session


class WSMan(wsman.WSMan):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ours = Transport.__new__(Transport)
        ours.__dict__.update(self.transport.__dict__)
        self.transport: Transport = ours


builtin.WSMan = WSMan  # type: ignore[attr-defined]


class Connection(Guarded, builtin.Connection):  # type: ignore[misc, name-defined]
    """Ansible's psrp connection within limits."""

    def silence_seconds(self) -> float:
        return float(self.get_option("read_timeout"))

    def _build_kwargs(self) -> None:
        accepted: dict[str, frozenset[object]] = {
            "protocol": frozenset({None, "https"}),
            "cert_validation": frozenset({"validate"}),
            "message_encryption": frozenset({"auto", "always"}),
            "negotiate_send_cbt": frozenset({True}),
            "credssp_disable_tlsv1_2": frozenset({False}),
            "proxy": frozenset({None, ""}),
        }
        demand({f"ansible_psrp_{name}": (self.get_option(name), values) for name, values in accepted.items()})
        super()._build_kwargs()
        self._psrp_conn_kwargs |= {
            "ssl": True,  # also at port 5985, where Ansible takes http
            "proxy": None,
            "no_proxy": True,
            # Retries of urllib3, which wait as long as the other side says.
            "reconnection_retries": 0,
        }

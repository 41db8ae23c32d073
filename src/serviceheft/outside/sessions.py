"""The sessions of requests, by which pywinrm and pypsrp speak: within the budget, over checked TLS, to nobody else."""

from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from serviceheft.outside import tls
from serviceheft.outside.conversation import ConversationEnded, Fault, current


def harden(session: requests.Session, ca: str | None) -> None:
    """Whatever the session was told before, and whatever the environment says. May be called again.

    `ca`: PEM file of the authorities to trust; None: the public ones.
    """
    found = session.get_adapter("https://")
    if isinstance(found, GuardedAdapter):
        return
    assert isinstance(found, HTTPAdapter)
    guarded = GuardedAdapter(found, tls.authorities(ca))
    session.adapters.clear()
    session.mount("https://", guarded)
    session.mount("http://", guarded)  # which refuses it
    session.trust_env = False
    session.proxies.clear()
    session.verify = True
    # Nothing is unpacked, so a megabyte stays a megabyte.
    session.headers["Accept-Encoding"] = "identity"


class GuardedAdapter(BaseAdapter):
    """Sends by the library's own adapter. Those who sign in send their second request past the session, but here."""

    def __init__(self, inner: HTTPAdapter, authorities: str) -> None:
        super().__init__()
        inner.poolmanager.connection_pool_kw["ssl_context"] = tls.trusting_nobody()
        self._inner, self._authorities = inner, authorities

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002 (asked of nobody)
        cert: Any = None,
        proxies: Any = None,  # noqa: ARG002
    ) -> requests.Response:
        if not (request.url or "").lower().startswith("https://"):
            raise ConversationEnded(Fault.INSECURE, "Nothing is sent without TLS.")
        budget = current()
        budget.begin_request()
        silence = timeout[1] if isinstance(timeout, tuple) else timeout
        response = self._inner.send(
            request,
            stream=stream,
            timeout=(min(budget.remaining(), silence or budget.remaining()), silence),
            verify=self._authorities,
            cert=cert,
            proxies={},
        )
        response.connection = self  # type: ignore[assignment] # where those who sign in send next
        if 300 <= response.status_code < 400:
            response.close()
            raise ConversationEnded(Fault.REDIRECTED, "The answer is a redirect, which is not followed.")
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            response.close()
            raise ConversationEnded(Fault.COMPRESSED, "The answer is compressed, which was not asked for.")
        return response

    def close(self) -> None:
        self._inner.close()

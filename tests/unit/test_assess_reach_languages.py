"""The same error gives the same reason, whether an English or a German Windows tells it."""

from typing import Any

import pytest

from serviceheft.assess.errorcodes import codes
from serviceheft.assess.reach import classify
from serviceheft.assess.reasons import REASONS

#: reason, as an English Windows says it, as a German one does
SAME = [
    (
        "reach.disk_full",
        "There is not enough space on the disk.",
        "Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung.",
    ),
    (
        "reach.disk_full",
        "There is not enough space on the disk. : 'C:\\temp'",
        "Auf dem Datenträger ist nicht genügend Speicherplatz vorhanden.",
    ),
    ("reach.access_denied", "Access is denied.", "Zugriff verweigert"),
    (
        "reach.access_denied",
        "Access to the path 'C:\\Windows\\Temp' is denied.",
        'Der Zugriff auf den Pfad "C:\\Windows\\Temp" wurde verweigert.',
    ),
    ("reach.network_path", "The network path was not found.", "Der Netzwerkpfad wurde nicht gefunden."),
    ("reach.network_path", "The network name cannot be found.", "Der Netzwerkname wurde nicht gefunden."),
    (
        "reach.name_unknown",
        "The remote name could not be resolved: 'packages.example'",
        "Der Remotename konnte nicht aufgelöst werden: 'packages.example'",
    ),
    ("reach.name_unknown", "No such host is known", "Der angegebene Host ist unbekannt"),
    (
        "reach.name_unknown",
        "The server name or address could not be resolved",
        "Der Servername oder die Adresse konnte nicht verarbeitet werden",
    ),
    ("reach.name_unknown", "DNS name does not exist.", "Der DNS-Name ist nicht vorhanden."),
    ("reach.timeout", "The operation has timed out.", "Das Zeitlimit für den Vorgang wurde überschritten."),
    (
        "reach.timeout",
        "A connection attempt failed because the connected party did not properly respond after a period of time "
        "[WinError 10060]",
        "Ein Verbindungsversuch ist fehlgeschlagen, da die Gegenstelle nach einer bestimmten Zeitspanne nicht richtig "
        "reagiert hat",
    ),
    (
        "reach.refused",
        "No connection could be made because the target machine actively refused it 127.0.0.1:5986",
        "Es konnte keine Verbindung hergestellt werden, da der Zielcomputer die Verbindung verweigerte 127.0.0.1:5986",
    ),
    (
        "reach.certificate",
        "The remote certificate is invalid according to the validation procedure.",
        "Das Remotezertifikat ist laut Validierungsverfahren ungültig.",
    ),
    (
        "reach.certificate",
        "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel.",
        "Die zugrunde liegende Verbindung wurde geschlossen: Für den geschützten SSL/TLS-Kanal konnte keine "
        "Vertrauensstellung hergestellt werden.",
    ),
    (
        "reach.credentials",
        "The user name or password is incorrect.",
        "Der Benutzername oder das Kennwort ist falsch.",
    ),
    (
        "reach.credentials",
        "Logon failure: unknown user name or bad password.",
        "Anmeldung fehlgeschlagen: unbekannter Benutzername oder falsches Kennwort.",
    ),
    (
        "reach.credentials",
        "The referenced account is currently locked out and may not be logged on to.",
        "Das Konto, auf das verwiesen wird, ist momentan gesperrt und kann nicht benutzt werden.",
    ),
    (
        "reach.cut_off",
        "An existing connection was forcibly closed by the remote host",
        "Eine vorhandene Verbindung wurde vom Remotehost geschlossen",
    ),
    (
        "reach.cut_off",
        "The specified network name is no longer available.",
        "Der angegebene Netzwerkname ist nicht mehr verfügbar.",
    ),
    (
        "reach.no_route",
        "A socket operation was attempted to an unreachable host",
        "Ein Socketvorgang bezog sich auf einen nicht verfügbaren Host",
    ),
]


@pytest.mark.parametrize(("code", "english", "german"), SAME)
@pytest.mark.parametrize("kind", [{"failed": True}, {"unreachable": True}])
def test_both_languages_give_the_same_reason(
    code: str, english: str, german: str, kind: dict[str, Any]
) -> None:
    said = [classify({**kind, "msg": text}) for text in (english, german)]
    assert [one.code for one in said] == [code, code]
    assert said[0] == said[1]
    assert code in REASONS
    # as a console in another code page shows the letters
    for broken in (german.encode().decode("cp1252"), german.encode("cp1252").decode("ascii", "replace")):
        assert classify({**kind, "msg": broken}).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ausnahme von HRESULT: 0x80070070", "reach.disk_full"),
        ("Falscher Wert (-2147024784)", "reach.disk_full"),
        ("HResult=2147942512", "reach.disk_full"),
        ("[WinError 112] Espace insuffisant sur le disque", "reach.disk_full"),
        ("[Errno 28] x", "reach.disk_full"),
        ("WinRMError: x (extended fault data: {'wsmanfault_code': '2147942405'})", "reach.access_denied"),
        ("CreateProcessW() failed (Zugriff, Win32ErrorCode 5 - 0x00000005)", "reach.access_denied"),
        ('<f:WSManFault xmlns:f="http://x" Code="5" Machine="pc">', "reach.access_denied"),
        ("Systemfehler 53 aufgetreten.", "reach.network_path"),
        ("System error 53 has occurred.", "reach.network_path"),
        ("0x80070035", "reach.network_path"),
        ("[WinError 64] x", "reach.cut_off"),
        ("(Ausnahme von HRESULT: 0x80072EE7)", "reach.name_unknown"),
        ("0x8024402C", "reach.name_unknown"),
        ("0x8007232B", "reach.name_unknown"),
        ("[WinError 11001] x", "reach.name_unknown"),
        ("[Errno -2] x", "reach.name_unknown"),
        ("0x80072EE2", "reach.timeout"),
        ("WSManFault Code = 2150858793", "reach.timeout"),
        ("[WinError 10060] x", "reach.timeout"),
        ("0x80072EFD", "reach.refused"),
        ('<f:WSManFault Code="2150858770">', "reach.refused"),
        ("<f:WSManFault Code='2150859046'>", "reach.no_route"),
        ("0x800B0109", "reach.certificate"),
        ("0x80072F8F", "reach.certificate"),
        ("0x8009030C", "reach.credentials"),
        ("0x8007052E", "reach.credentials"),
        ("Bad HTTP response returned from server. Code 401", "reach.credentials"),
        ("401 Client Error: Unauthorized for url", "reach.credentials"),
        ("Der Remoteserver hat einen Fehler zurückgegeben: (401) Nicht autorisiert.", "reach.credentials"),
        ("The remote server returned an error: (403) Forbidden.", "reach.access_denied"),
        ("HTTP 403", "reach.access_denied"),
    ],
)
def test_numbers_say_it_in_every_language(text: str, code: str) -> None:
    assert classify({"failed": True, "msg": text}).code == code


@pytest.mark.parametrize(
    "text",
    [
        "port 5986 of the host, 401 files",
        "401 Dateien, 403 Ordner übertragen",
        "exit code 4010",
        "error 4012",
        "KB5040112 was not found",
        "10.0.53.112",
        "version 112.5.0",
        "C:\\Daten\\401\\403.txt",
        "took 403 ms, 28 of 112",
        "serial number 2147942512345",
        "0x800700701",
        "2147942512 Bytes frei",
        "timeouts=5",
    ],
)
def test_digits_inside_a_text_are_no_error(text: str) -> None:
    assert list(codes(text)) == []
    assert classify({"failed": True, "msg": text}).code == "reach.module_failed"

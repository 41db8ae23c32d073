"""The lab's certificate authority."""

import ipaddress
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from lab.ca import CertificateAuthority


def verify(authority: CertificateAuthority, path: Path, address: str) -> None:
    root = x509.load_pem_x509_certificate(authority.certificate_file.read_bytes())
    name = x509.IPAddress(ipaddress.ip_address(address))
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(name)
    verifier.verify(x509.load_pem_x509_certificate(path.read_bytes()), [])


def test_a_certificate_fits_its_address_alone(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    path = authority.issue(tmp_path / "host.pem", "host", "127.101.9.1")
    verify(authority, path, "127.101.9.1")
    with pytest.raises(VerificationError):
        verify(authority, path, "127.101.9.2")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)


def test_keys_are_private(tmp_path: Path) -> None:
    CertificateAuthority(tmp_path).issue(tmp_path / "host.pem", "host", "127.101.9.1")
    assert {
        path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*") if path.name != "ca.pem"
    } == {
        "ca.key": 0o600,
        "host.pem": 0o600,
    }


def test_an_expired_one_is_expired(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    path = authority.issue(tmp_path / "host.pem", "host", "127.101.9.1", expired=True)
    assert x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc < datetime.now(UTC)
    with pytest.raises(VerificationError):
        verify(authority, path, "127.101.9.1")


def test_kept_while_it_fits(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    path = authority.issue(tmp_path / "host.pem", "host", "127.101.9.1")
    before = path.read_bytes()
    assert CertificateAuthority(tmp_path).issue(path, "host", "127.101.9.1").read_bytes() == before
    assert authority.issue(path, "host", "127.101.9.2").read_bytes() != before


def test_renewed_by_another_authority(tmp_path: Path) -> None:
    path = CertificateAuthority(tmp_path / "one").issue(tmp_path / "host.pem", "host", "127.101.9.1")
    other = CertificateAuthority(tmp_path / "two")
    root = x509.load_pem_x509_certificate(other.certificate_file.read_bytes())
    with pytest.raises((InvalidSignature, ValueError)):
        x509.load_pem_x509_certificate(path.read_bytes()).verify_directly_issued_by(root)
    other.issue(path, "host", "127.101.9.1")
    x509.load_pem_x509_certificate(path.read_bytes()).verify_directly_issued_by(root)

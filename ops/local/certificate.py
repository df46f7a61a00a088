"""A certificate for 127.0.0.1, so that the laptop speaks TLS as AWS does."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the server's ``chain`` and ``key``, and the ``bundle`` that clients trust.

    The bundle holds the machine's own authorities too, since CA variables replace the whole list
    and ``LIVE=1`` reaches the real exchanges through the same clients.
    """

    chain: Path
    key: Path
    bundle: Path

    @classmethod
    def ensure(cls, folder: Path) -> Self:
        """The certificate in ``folder``, made on the first call."""
        files = cls(folder / "server.pem", folder / "server.key", folder / "bundle.pem")
        if not files.bundle.exists():
            folder.mkdir(parents=True, exist_ok=True)
            files._make()
        return files

    def _make(self) -> None:
        authority = trustme.CA(organization_name="coinlake on this laptop")
        server = authority.issue_cert("127.0.0.1", "localhost")
        self.key.touch(mode=0o600)
        server.private_key_pem.write_to_path(self.key)
        self.chain.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
        self.bundle.write_bytes(_machine_authorities(os.environ) + b"\n" + authority.cert_pem.bytes())

    def variables(self) -> dict[str, str]:
        """What makes boto3, requests, Terraform and OpenSSL trust the certificate."""
        names = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        return dict.fromkeys(names, str(self.bundle))


def _machine_authorities(env: Mapping[str, str]) -> bytes:
    chosen = (env.get(name) for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
    defaults = ssl.get_default_verify_paths()
    candidates = [*chosen, defaults.cafile, defaults.openssl_cafile]
    paths = (Path(candidate) for candidate in candidates if candidate)
    bundle = next((path for path in paths if path.is_file()), None)
    return bundle.read_bytes() if bundle else b""

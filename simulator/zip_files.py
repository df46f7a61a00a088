"""One text file in a zip, with the same bytes whenever it is packed again, and its checksum line."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from typing import Final

CHECKSUM_SUFFIX: Final = ".CHECKSUM"
MEDIA_TYPE: Final = "binary/octet-stream"


def zipped(name: str, text: str, seconds: float) -> bytes:
    """``text`` as the only member ``name``, dated ``seconds`` since 1970."""
    moment = datetime.fromtimestamp(seconds, UTC)
    info = zipfile.ZipInfo(name, (moment.year, moment.month, moment.day, moment.hour, moment.minute, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, text)
    return packed.getvalue()


def unzipped(packed: bytes) -> tuple[str, str]:
    """Name and text of the only member."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        name = archive.namelist()[0]
        return name, archive.read(name).decode()


def is_zip(body: bytes) -> bool:
    """Whether a body begins as a zip does."""
    return body.startswith(b"PK\x03\x04")


def checksum(packed: bytes, name: str) -> bytes:
    """What ``sha256sum`` writes and ``sha256sum -c`` reads."""
    return f"{hashlib.sha256(packed).hexdigest()}  {name}\n".encode()


def entity_tag(body: bytes) -> str:
    """The ETag that S3 gives an object uploaded in one part."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def bad_checksum(line: bytes) -> bytes:
    """A checksum line whose digest is another one, of the same form."""
    digest, _, rest = line.decode().partition(" ")
    return f"{digest[::-1]} {rest}".encode()

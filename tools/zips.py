"""Zips whose bytes depend only on their content: sorted names, one date, one mode."""

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold
MODE: Final = 0o644 << 16
UNIX: Final = 3


def write_zip(target: Path, root: Path, files: Iterable[Path], packages: Path | None = None) -> None:
    """Write ``files``, which lie below ``root``, to ``target`` at once or not at all.

    All that lies in the folder ``packages`` goes beside them.
    """
    entries = {path.relative_to(root).as_posix(): path for path in files}
    if packages:
        entries |= {
            path.relative_to(packages).as_posix(): path for path in packages.rglob("*") if path.is_file()
        }
    write_entries(target, entries)


def write_entries(target: Path, entries: Mapping[str, Path]) -> None:
    """Write the files to ``target`` under the names given, at once or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, file in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr, entry.create_system = MODE, UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    partial.replace(target)

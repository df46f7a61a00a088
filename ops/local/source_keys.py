"""The API keys that the laptop's simulator grants, for sources that answer nothing without one.

They go the way of a real key: TF_VAR_… of Terraform's process, a write-only value, SSM, ingest. They lie in
one file of the laptop folder, which only its owner reads, and the simulator accepts no other.
"""

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from coinlake.sources import catalog
from ops.local.laptop import Laptop

FILE: Final = "source_keys.json"
BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """A random key for each source that requires one; ``version`` is when they were made (UNIX seconds).

    Newer keys have a higher version, so Terraform writes them over older ones.
    """

    laptop: Laptop
    version: int
    keys: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, laptop: Laptop) -> Self:
        """Those that were saved; new ones where there are none, or not for every source."""
        try:
            saved = json.loads((laptop.folder / FILE).read_text())
            keys = cls(laptop, int(saved["version"]), dict(saved["keys"]))
        except (OSError, ValueError, KeyError, TypeError):
            keys = cls(laptop, 0, {})
        required = {name for name, source in catalog().items() if source.key_required}
        if set(keys.keys) == required:
            return keys
        return cls(
            laptop, int(time.time()), {name: secrets.token_urlsafe(BYTES) for name in sorted(required)}
        )

    def save(self) -> None:
        """Keep them for the next start."""
        path = self.laptop.folder / FILE
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"version": self.version, "keys": dict(self.keys)}, file)

    def variables(self) -> dict[str, int]:
        """Terraform's variables that say that there are keys."""
        return {f"{source}_api_key_version": self.version for source in self.keys}

    def environment(self) -> dict[str, str]:
        """The keys as Terraform's process takes them, beside whatever else its environment has."""
        return {f"TF_VAR_{source}_api_key": key for source, key in self.keys.items()}

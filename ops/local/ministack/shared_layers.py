"""Each layer is unpacked once, for all functions and workers of one run of MiniStack.

MiniStack unpacks the layers of a function anew for each worker that it starts: five seconds of processor and
170 MB of disk for the one with the dependencies. On Lambda they lie in /opt, which nobody can write to.
"""

import hashlib
import io
import os
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any, Final

FOLDERS: Final = "_LAMBDA_LAYERS_DIRS"  # what MiniStack's workers read: the folders of their layers, in order
_unpacking: Final = threading.Lock()


def patch(lambda_runtime: Any, lambda_svc: Any) -> None:
    """Let workers of ``lambda_runtime`` start with layers that are unpacked already."""
    spawn = lambda_runtime.Worker._spawn
    root = Path(tempfile.gettempdir()) / "layers"

    def with_shared_layers(worker: Any) -> None:
        config = worker.config
        archives = map(lambda_svc._resolve_layer_zip, config.get("Layers", []))
        folders = [str(unpacked(archive, root)) for archive in archives if archive]
        if folders:
            environment = config.get("Environment", {})
            variables = {**environment.get("Variables", {}), FOLDERS: os.pathsep.join(folders)}
            worker.config = {**config, "Layers": [], "Environment": {**environment, "Variables": variables}}
        try:
            spawn(worker)
        finally:
            worker.config = config

    lambda_runtime.Worker._spawn = with_shared_layers


def unpacked(archive: bytes, root: Path) -> Path:
    """The folder below ``root`` with what is in the zip."""
    folder = root / hashlib.sha256(archive).hexdigest()
    with _unpacking:
        if not folder.exists():
            root.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=root))
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                opened.extractall(partial)
            partial.rename(folder)
    return folder

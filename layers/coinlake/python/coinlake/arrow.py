"""How much of Arrow's surroundings a process loads."""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def keep_pandas_out() -> None:
    """Let pyarrow make arrays without pandas, until something converts to it.

    To make its first array or scalar pyarrow imports pandas where that is installed: 0.3 s and 40 MB. It
    looks once (``_PandasAPIShim`` in pyarrow's pandas-shim.pxi), so it looks here, and finds none. What needs
    pandas, such as ``Table.to_pandas``, looks again.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(_NoPandas)


def from_numpy(numbers: npt.NDArray[Any]) -> pa.Array:
    """Integers as a column over the same memory. ``pa.array`` would first import numpy.ma: 10 ms, 3 MB."""
    kind = pa.from_numpy_dtype(numbers.dtype)
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


class _NoPandas:
    """A finder of modules that says of pandas that it is not installed."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)

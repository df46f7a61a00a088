"""What a ledger entry notes of an answer beside its rows."""

from collections.abc import Collection
from typing import Any, Final

from coinlake.records import Rejection

MAX_NEW_FIELDS: Final = 20


def new_fields(names: Collection[Any]) -> list[str]:
    """Notes for fields that the source has added since the parser was written."""
    return [f"new_field:{Rejection.of('new_field', value=name).value}" for name in sorted(names)][
        :MAX_NEW_FIELDS
    ]

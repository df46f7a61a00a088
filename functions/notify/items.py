"""How values look in DynamoDB: typed attributes, and times that sort as text."""

from collections.abc import Mapping
from datetime import UTC, datetime

Item = dict[str, dict[str, str]]


def item(pk: str, sk: str, **attributes: str | int) -> Item:
    return typed({"pk": pk, "sk": sk, **attributes})


def typed(values: Mapping[str, str | int]) -> Item:
    """As DynamoDB's JSON: texts as S, whole numbers as N."""
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in values.items()
    }


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def time(value: Mapping[str, str] | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value["S"])


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

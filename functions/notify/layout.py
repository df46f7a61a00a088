"""How a mail looks: a first sentence, indented tables, headed sections, a footer."""

from collections.abc import Iterable
from typing import Final

from notify import formats
from notify.alerts import Message

SETTINGS: Final = "terraform/environments/<environment>.tfvars"
_ATTRIBUTIONS: Final = {
    # CoinGecko's API terms and brand guide ask for a visible attribution with a link.
    "coingecko": "Data provided by CoinGecko (https://www.coingecko.com)",
}


def message(subject: str, *paragraphs: str, source: str | None = None) -> Message:
    """A mail of paragraphs, with the attribution that ``source`` asks for."""
    footer = _ATTRIBUTIONS.get(source or "", "")
    text = "\n\n".join(paragraph for paragraph in (*paragraphs, footer) if paragraph)
    # A lone surrogate cannot be sent; whatever text came with the data must not stop a mail.
    return Message(formats.subject(subject), text.encode("utf-8", "replace").decode() + "\n")


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Two aligned columns, indented."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)


def section(heading: str, *lines: str) -> str:
    return "\n".join((heading, *(f"  {line}" for line in lines)))

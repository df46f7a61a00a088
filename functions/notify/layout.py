"""How a mail looks: a first sentence, indented tables, headed sections, a footer."""

from collections.abc import Iterable, Sequence
from typing import Final

from notify import formats
from notify.alerts import Message

SETTINGS: Final = "terraform/environments/<environment>.tfvars"
# CoinGecko's API terms and brand guide ask for a visible attribution with a link, alternative.me likewise.
_ATTRIBUTIONS: Final = {
    "alternative_me": "Fear & Greed Index by alternative.me (https://alternative.me/crypto/fear-and-greed-index/)",
    "coingecko": "Data provided by CoinGecko (https://www.coingecko.com)",
}


def message(subject: str, *paragraphs: str, sources: Iterable[str] = ()) -> Message:
    """A mail of paragraphs, with the attributions that the ``sources`` of what it tells ask for."""
    footer = "\n".join(_ATTRIBUTIONS[source] for source in sources if source in _ATTRIBUTIONS)
    text = "\n\n".join(paragraph for paragraph in (*paragraphs, footer) if paragraph)
    # A lone surrogate cannot be sent; whatever text came with the data must not stop a mail.
    return Message(formats.subject(subject), text.encode("utf-8", "replace").decode() + "\n")


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Two aligned columns, indented."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns under their names, indented: the first to the left, numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  " + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in (head, *rows)
    )


def section(heading: str, *lines: str) -> str:
    return "\n".join((heading, *(f"  {line}" for line in lines)))

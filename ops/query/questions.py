"""The questions that users ask first, as SQL that both engines understand.

Each is a file of terraform/queries/, declared there and nowhere else: Terraform makes a view and a
saved query of it. Its first line is the question, the comments after it are the answer's columns.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

from coinlake.errors import BadConfiguration
from ops.paths import ROOT

FOLDER: Final = ROOT / "terraform" / "queries"
# terraform/views.tf reads the same line.
_COLUMN: Final = re.compile(r"^-- ([a-z0-9_]+) ([a-z0-9]+(?:\([0-9,]+\))?): (.+)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"^--.*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer; ``type`` as in tables.json."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class Question:
    """``sql`` is without the comments, and without a semicolon."""

    name: str
    title: str
    columns: tuple[Column, ...]
    sql: str

    @classmethod
    def of(cls, name: str, text: str) -> Self:
        return cls(
            name=name,
            title=text.splitlines()[0].removeprefix("-- "),
            columns=tuple(Column(*match) for match in _COLUMN.findall(text)),
            sql=_COMMENT.sub("", text).strip(),
        )


@cache
def questions() -> Mapping[str, Question]:
    """Every question by name, which is also its view's."""
    files: list[Path] = sorted(FOLDER.glob("*.sql"))
    return {file.stem: Question.of(file.stem, file.read_text(encoding="utf-8")) for file in files}


def question(name: str) -> Question:
    """One question; ``BadConfiguration`` names them where there is none of that name."""
    try:
        return questions()[name]
    except KeyError:
        raise BadConfiguration(
            f"unknown_question: there is no question {name!r}; the questions are {', '.join(questions())}"
        ) from None

"""Answers of Alternative.me's Crypto Fear & Greed Index, invented, of the form in its own documentation."""

from tests.unit.transform.answers import Sample

SAMPLES = [
    Sample("alternative_me", "sentiment", "fng", "alternative_me_fng.json"),
]
ERRORS = [
    Sample("alternative_me", "sentiment", "fng", "alternative_me_error.json"),
]
WITHOUT_ROWS = []
TABLES = {
    "sentiment": "sentiment",
}

"""The lake's configuration: assets, sources, feeds and alert rules.

Declared in terraform/environments/<env>.tfvars, validated by Terraform, rendered by
terraform/config.tf into one JSON object in the artifacts bucket whose key holds its
hash, and read from there by every function. (A Lambda environment holds 4 KB at most.)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self

from coinlake import alert_rules
from coinlake.alert_rules import Digest, MarketRule, Notices, PriceRule
from coinlake.errors import BadConfiguration
from coinlake.feeds import Feed
from coinlake.stores import ObjectStore

MAX_CONFIG_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How to reach one source. The API key itself is only in SSM, under ``api_key_parameter``.

    ``requests_per_minute`` counts what the source counts: at Binance, weight. The header holds
    ``api_key_prefix`` ("Bearer ") and the key. ``credits_per_month`` is None without a monthly quota.
    """

    name: str
    base_url: str
    requests_per_minute: int
    api_key_header: str | None = None
    api_key_parameter: str | None = None
    api_key_prefix: str = ""
    credits_per_month: int | None = None


@dataclass(frozen=True, slots=True)
class LakeConfig:
    """The whole configuration; ``assets`` maps symbol → source → that source's id.

    The document's ``alert_rules`` are split by what they read: ``price_rules`` trusted rows, ``market_rules``
    refined tables.
    """

    assets: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, SourceConfig]
    feeds: Mapping[str, Feed]
    price_rules: tuple[PriceRule, ...]
    notices: Notices
    private_sources: bool
    environment: str
    market_rules: tuple[MarketRule, ...] = ()
    digest: Digest | None = None

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """Raise ``BadConfiguration`` where the object is not what terraform/config.tf renders."""
        try:
            return cls._from_document(json.loads(body, parse_float=Decimal))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadConfiguration(
                f"this coinlake cannot read the configuration object ({type(error).__name__}: {error}); "
                "use the coinlake that deployed this stack, or deploy it with this one"
            ) from None

    @classmethod
    def load(cls, store: ObjectStore, key: str) -> Self:
        """Read the object that Terraform wrote; one GET per cold start."""
        return cls.from_json(store.get(key, MAX_CONFIG_BYTES).body)

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Self:
        price_rules, market_rules = alert_rules.rules(document["alert_rules"])
        return cls(
            assets={
                symbol: {source: name for source, name in ids.items() if name}
                for symbol, ids in document["assets"].items()
            },
            sources={name: SourceConfig(name=name, **entry) for name, entry in document["sources"].items()},
            feeds={
                name: Feed.of(name, entry, document["assets"]) for name, entry in document["feeds"].items()
            },
            price_rules=price_rules,
            notices=alert_rules.notices(document["notices"]),
            private_sources=document["private_sources"],
            environment=document["environment"],
            market_rules=market_rules,
            digest=alert_rules.digest(document.get("digest")),
        )

    def feed(self, name: str) -> Feed:
        try:
            return self.feeds[name]
        except KeyError:
            raise BadConfiguration(
                f"there is no feed {name[:80]!r}; the feeds are {', '.join(sorted(self.feeds))}"
            ) from None

    def symbol(self, source: str, asset_id: str) -> str:
        """The canonical symbol of a source's asset id.

        An id that the map does not hold keeps its own name, ``coingecko:some-id``: tickers
        collide across projects, so a symbol is never guessed from one.
        """
        for symbol, ids in self.assets.items():
            if ids.get(source) == asset_id:
                return symbol
        return f"{source}:{asset_id}"

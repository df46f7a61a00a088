"""What Terraform leaves for ingest, and how its tests look at what it did."""

import gzip
import json
from typing import Any

import boto3

KEY = "CG-sentinel-0123456789"
ENVIRONMENT = {
    "RAW_BUCKET": "raw",
    "CONFIG_BUCKET": "artifacts",
    "CONFIG_KEY": "config/1.json",
    "STATE_TABLE": "state",
}
ASSETS = {
    "BTC": {"coinbase": "BTC", "binance": "BTC", "coingecko": "bitcoin", "coincap": "bitcoin"},
    "ETH": {"coinbase": "ETH", "binance": "ETH"},
    "TRX": {"coingecko": "tron"},
}


def feed(**changes: Any) -> dict[str, Any]:
    fields = {"quote": "USD", "assets": [], "top": None, "lookback": 24, "stale_after_minutes": 20}
    return {**fields, "enabled": True, **changes}


def source(url: str, per_minute: int = 60_000, **secret: str) -> dict[str, Any]:
    keyless = {"api_key_header": None, "api_key_parameter": None}
    return {"base_url": url, "requests_per_minute": per_minute, **keyless, **secret}


def configuration(url: str, **changes: Any) -> bytes:
    """As terraform/config.tf renders it, with every source at ``url``."""
    demo = {"api_key_header": "x-cg-demo-api-key", "api_key_parameter": "/coinlake/test/key"}
    bearer = {**demo, "api_key_header": "Authorization", "api_key_prefix": "Bearer "}
    document = {
        "assets": ASSETS,
        "sources": {
            "coinbase": source(f"{url}/coinbase"),
            "coingecko": source(f"{url}/coingecko/api/v3", **demo),
            "binance": source(f"{url}/binance"),
            "binance_archive": source(f"{url}/archive"),
            "coincap": source(f"{url}/coincap/v3", **bearer),
        },
        "feeds": {
            "hourly": feed(source="coinbase", dataset="candles", interval="1h", assets=["BTC", "TRX", "ETH"]),
            "top": feed(source="coingecko", dataset="quotes", interval="5m", top=750),
            "day": feed(
                source="binance", dataset="quotes", interval="5m", quote="USDT", assets=["BTC", "ETH"]
            ),
        },
        "alert_rules": {},
        "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
        "private_sources": True,
        "environment": "local",
    }
    return json.dumps({**document, **changes}).encode()


def create_state_table() -> None:
    kinds = (("pk", "HASH"), ("sk", "RANGE"))
    boto3.client("dynamodb").create_table(
        TableName="state",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in kinds],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in kinds],
        BillingMode="PAY_PER_REQUEST",
    )


def keys(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="raw").get("Contents", ())]


def body(s3: Any, key: str) -> bytes:
    return gzip.decompress(s3.get_object(Bucket="raw", Key=key)["Body"].read())


def metric(printed: str, name: str) -> list[float]:
    (line,) = (line for line in printed.splitlines() if f'"{name}"' in line)
    values: list[float] = json.loads(line)[name]
    return values

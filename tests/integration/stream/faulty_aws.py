"""Moto's S3 and DynamoDB over HTTP in a thread, with the faults that a test orders."""

import json
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

REGION = "us-east-1"
Start = Callable[..., Any]


@dataclass
class FaultyAws:
    """``s3_faults`` and ``dynamodb_faults`` are shares of writes that fail, half of the former after they
    were done; ``s3_seconds`` is what a write takes longer."""

    seed: int
    s3_faults: float = 0.0
    dynamodb_faults: float = 0.0
    s3_seconds: float = 0.0
    seen: Counter[str] = field(default_factory=Counter)
    _server: BaseWSGIServer | None = None

    def __enter__(self) -> "FaultyAws":
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells every request
        self._chance, self._lock = random.Random(self.seed), threading.Lock()
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.s3 = self.client("s3")
        self.dynamodb = self.client("dynamodb")
        for bucket in ("raw", "artifacts"):
            self.s3.create_bucket(Bucket=bucket)
        self.dynamodb.create_table(
            TableName="latest",
            KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "stream", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server
        for bucket in ("raw", "artifacts"):
            for key in self.listed(bucket):
                self.s3.delete_object(Bucket=bucket, Key=key)
            self.s3.delete_bucket(Bucket=bucket)
        self.dynamodb.delete_table(TableName="latest")
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.server_port}"

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.endpoint, **keys)

    def listed(self, bucket: str = "raw") -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".PutItem"):
            if self._chance.random() < self.dynamodb_faults:
                self.seen["throttled"] += 1
                return _throttled(environ, start)
        elif environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].startswith("/raw/raw/"):
            return self._put(environ, start)
        return self._locked(environ, start)

    def _put(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        time.sleep(self.s3_seconds)
        self.seen["puts"] += 1
        if self._chance.random() >= self.s3_faults:
            return self._locked(environ, start)
        if self._chance.random() < 0.5:
            self.seen["failed though done"] += 1
            list(self._locked(environ, lambda *_: None))
        else:
            self.seen["failed"] += 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("500 Internal Server Error", [("Content-Type", "application/xml")])
        return [b"<Error><Code>InternalError</Code></Error>"]

    def _locked(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """A request at a time, as AWS's are atomic: moto itself is not safe for threads."""
        with self._lock:
            return list(self._app(environ, start))


def _throttled(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
    kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
    return [json.dumps({"__type": kind, "message": "slow down"}).encode()]

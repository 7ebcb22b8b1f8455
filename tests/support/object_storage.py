"""A real S3 server of the tests' own: moto's, on a free loopback port, with one bucket; gone when the test ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

BUCKET: Final = "so-dang-ky"


@dataclass
class Storage:
    """A running server."""

    endpoint: str
    server: ThreadedMotoServer = field(repr=False)

    @property
    def client(self) -> Any:
        """Return boto3's client, as any other program would use it."""
        return boto3.client("s3", endpoint_url=self.endpoint)  # type: ignore[no-untyped-call]

    def read(self, key: str) -> bytes:
        """Return an object's bytes."""
        return bytes(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def put(self, key: str, data: bytes) -> None:
        """Put an object, whatever stands there."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)

    def keys(self) -> list[str]:
        """Return every key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def stop(self) -> None:
        """Stop answering; what is stored stays."""
        self.server.stop()

    def start_again(self) -> None:
        """Answer again at the same address."""
        port = int(self.endpoint.rpartition(":")[2])
        self.server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
        self.server.start()


@contextmanager
def object_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Run a server; the environment gets throw-away keys to it."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ):
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    storage = Storage(f"http://{host}:{port}", server)
    try:
        # moto keeps what it stores in this process, whichever server it came through.
        requests.post(f"{storage.endpoint}/moto-api/reset", timeout=10).raise_for_status()
        storage.client.create_bucket(Bucket=BUCKET)
        yield storage
    finally:
        storage.server.stop()

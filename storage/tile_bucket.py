"""Tiles in S3-compatible object storage: a bucket, perhaps behind a content delivery network, serves them by itself.

Each file is written on the condition that nothing stands at its path yet (If-None-Match: *), so that no two writers
can make two histories there. Keys to the storage come from boto3's own places (environment, instance role), never
from our settings.
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileConflict
from certlog.tiles import (
    CHECKPOINT_PATH,
    CHECKPOINT_TYPE,
    KEPT_A_SECOND,
    KEPT_FOR_EVER,
    MAX_BUNDLE_BYTES,
    TILE_TYPE,
    Tile,
)

_URL: Final = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9._~/-]*[A-Za-z0-9._~-]))?",
    re.ASCII,
)
_AT_ONCE: Final = 8
"""Writes that are on their way together."""
_CONNECT_SECONDS: Final = 3
_READ_SECONDS: Final = 10
_ATTEMPTS: Final = 2
"""A storage that is down is told within half a minute; whoever waits for it asks again by itself."""
_LISTED: Final = 1000
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_CHANGED: Final = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})


def check_bucket_url(text: str) -> str:
    """Return the text if it names a bucket: s3://BUCKET or s3://BUCKET/PREFIX.

    Raises:
        InvalidInput: it does not.
    """
    if not _URL.fullmatch(text):
        message = Sentence("expected s3://BUCKET or s3://BUCKET/PREFIX, found {found!r}", found=text[:80])
        raise InvalidInput(message, code="bad-bucket")
    return text


def open_bucket(url: str, endpoint: str | None) -> "TileBucket":
    """Return the store at a URL that check_bucket_url lets through.

    Args:
        url: s3://BUCKET/PREFIX.
        endpoint: the storage's own address where it is not Amazon's, such as https://storage.example.vn.

    Raises:
        Unavailable: boto3 is not installed, or knows no region or endpoint.
    """
    try:
        import boto3  # noqa: PLC0415 - an extra: who keeps tiles in a folder does not need it
        from botocore.config import Config  # noqa: PLC0415 - as above
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - as above
    except ImportError as error:
        message = "tiles on object storage need boto3: install certlog[s3]"
        raise Unavailable(message) from error
    found = _URL.fullmatch(check_bucket_url(url))
    parts = {} if found is None else found.groupdict()
    # What compatible storages understand: paths instead of host names, and no checksums that only Amazon knows.
    compatible = {
        "s3": {"addressing_style": "path"},
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    config = Config(  # type: ignore[no-untyped-call]
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        max_pool_connections=_AT_ONCE,
        **(compatible if endpoint else {}),
    )
    try:
        client = boto3.client("s3", endpoint_url=endpoint, config=config)  # type: ignore[no-untyped-call]
    except (BotoCoreError, ValueError) as error:
        raise Unavailable(Sentence("cannot use {url}: {reason}", url=url, reason=error)) from error
    return TileBucket(client, str(parts["bucket"]), parts["prefix"] or "", url)


class TileBucket:
    """Implements registry.tile_store.TileStore in a bucket."""

    def __init__(self, client: Any, bucket: str, prefix: str, name: str) -> None:  # noqa: ANN401 # boto3 has no types
        """Take boto3's client, the bucket, the prefix of every key, and what people call it."""
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self.name: Final = name

    def read(self, path: str) -> bytes:
        """Return the bytes at a path, at most one more than any tile has."""
        return self._get(path)[0]

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files that never change; the storage has them durably when it answers."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in [pool.submit(self._write_one, path, data) for path, data in files.items()]:
                done.result()

    def replace(self, path: str, data: bytes, *, instead_of: bytes | None) -> None:
        """Put other bytes at a path, where `instead_of` still stands."""
        try:
            found, tag = self._get(path)
        except MissingTile:
            condition = {"IfNoneMatch": "*"}
            stands = None
        else:
            condition = {"IfMatch": tag}
            stands = found
        if stands != instead_of or not self._put(path, data, condition):
            message = Sentence("{path} in {store} was changed by another program", path=path, store=self.name)
            raise TileConflict(message)

    def forget_partial(self, tile: Tile) -> None:
        """Remove the partial forms of a tile that is full now; what cannot be removed stays and does no harm."""
        prefix = f"{self._prefix}{tile.full_path}.p/"
        try:
            listed = self._ask(
                "list_objects_v2", f"{tile.full_path}.p/", Bucket=self._bucket, Prefix=prefix, MaxKeys=_LISTED
            )
            keys = [{"Key": found["Key"]} for found in listed.get("Contents", ())]
            if keys:
                self._ask(
                    "delete_objects", prefix, Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True}
                )
        except Unavailable:
            return

    def _write_one(self, path: str, data: bytes) -> None:
        if self._put(path, data, {"IfNoneMatch": "*"}):
            return
        if self.read(path) != data:
            message = Sentence(
                "{path} is there with other bytes than those to be written", path=f"{self.name}/{path}"
            )
            raise TileConflict(message)

    def _get(self, path: str) -> tuple[bytes, str]:
        answer = self._ask("get_object", path, Bucket=self._bucket, Key=self._prefix + path)
        with answer["Body"] as body:
            return self._read_body(body, path), str(answer.get("ETag", ""))

    def _read_body(self, body: Any, path: str) -> bytes:  # noqa: ANN401 # botocore has no types
        try:
            return bytes(body.read(MAX_BUNDLE_BYTES + 1))
        except Exception as error:  # an adapter's edge: urllib3's, botocore's and the socket's own errors
            raise self._failed(path, error) from error

    def _put(self, path: str, data: bytes, condition: Mapping[str, str]) -> bool:
        """Put an object; return False where the condition does not hold."""
        is_checkpoint = path == CHECKPOINT_PATH
        try:
            self._ask(
                "put_object",
                path,
                Bucket=self._bucket,
                Key=self._prefix + path,
                Body=data,
                ContentType=CHECKPOINT_TYPE if is_checkpoint else TILE_TYPE,
                CacheControl=KEPT_A_SECOND if is_checkpoint else KEPT_FOR_EVER,
                **condition,
            )
        except _ConditionFailed:
            return False
        return True

    def _ask(self, operation: str, path: str, **arguments: object) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra

        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _ABSENT:
                raise MissingTile(
                    Sentence("{folder} holds no {path}", folder=self.name, path=path)
                ) from error
            if code in _CHANGED:
                raise _ConditionFailed(str(error)) from error
            raise self._failed(path, error) from error
        except BotoCoreError as error:
            raise self._failed(path, error) from error
        return answer

    def _failed(self, path: str, error: Exception) -> Unavailable:
        message = Sentence(
            "the object storage {store} did not do what was asked at {path}: {reason}",
            store=self.name,
            path=path,
            reason=error,
        )
        return Unavailable(message)


class _ConditionFailed(Exception):
    """Something else stands at the path than the condition says."""

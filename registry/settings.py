"""The registry's settings: one frozen value, read once from settings.toml and CERTLOG_REGISTRY_* variables.

settings.toml has one table for each program ([registry] and [web]); anchoring has a file of its own.
Unknown keys are refused. No secret is a setting: keys are files, tokens are hashes in the database.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from certlog.cosignature import parse_cosigner_key
from certlog.errors import CertlogError, InvalidInput, Unavailable
from certlog.keys import PublicKey, check_did
from certlog.sentences import Sentence
from certlog.trust_state import Operator
from registry.cosigners import MAX_COSIGNERS, CosignerPolicy, read_witness
from storage.postgres import parse_url
from storage.tile_bucket import check_bucket_url

ENVIRONMENT_PREFIX: Final = "CERTLOG_REGISTRY_"
TABLES: Final = ("registry", "web")
MAX_EPOCH_INTERVAL: Final = 60
EPOCH_INTERVAL: Final = 50
"""Leaves room for a worker that ticks late: formats promise that no entry waits longer than a minute."""
"""Formats, section 5: no entry waits longer than this for an epoch."""
MAX_HEARTBEAT: Final = 3600

_OPTIONS: Final = Sentence("the options")
_MAX_ORIGIN: Final = 200
_ORIGIN: Final = re.compile(r"[a-z0-9]([a-z0-9.:-]*[a-z0-9])?(/[a-z0-9._-]+)*", re.ASCII)
_PUBLIC_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*", re.ASCII)


def _origin(text: str) -> str:
    if len(text) > _MAX_ORIGIN or not _ORIGIN.fullmatch(text):
        message = Sentence("expected a scheme-less URL prefix in lower case such as registry.example.vn")
        raise ValueError(message)
    return text


def _public_url(text: str) -> str:
    if not _PUBLIC_URL.fullmatch(text):
        message = Sentence("expected http(s)://HOST[:PORT] without a slash at the end")
        raise ValueError(message)
    return text


def _did(text: str) -> str:
    try:
        return check_did(text)
    except CertlogError as error:
        raise ValueError(str(error)) from error


def _multibase_key(text: str) -> str:
    try:
        return PublicKey.from_multibase(text).multibase
    except CertlogError as error:
        raise ValueError(str(error)) from error


def _database(text: str | None) -> str | None:
    return None if text is None else parse_url(text).render_as_string()


def _separate(value: object) -> object:
    """Read what a variable of the environment says of several: one after another, with ; between them."""
    return [part.strip() for part in value.split(";") if part.strip()] if isinstance(value, str) else value


def _witness(text: str) -> str:
    return _read_by(read_witness, text)


def _auditor(text: str) -> str:
    return _read_by(parse_cosigner_key, text)


def _read_by(read: Callable[[str], object], text: str) -> str:
    """Return a text that can be read."""
    try:
        read(text)
    except CertlogError as error:
        raise ValueError(str(error)) from error
    return text


_Witnesses = Annotated[tuple[Annotated[str, AfterValidator(_witness)], ...], BeforeValidator(_separate)]
_Auditors = Annotated[tuple[Annotated[str, AfterValidator(_auditor)], ...], BeforeValidator(_separate)]


def _tiles(text: str | None) -> str | None:
    if text is None or (text.startswith("/") and "\0" not in text):
        return text
    try:
        return check_bucket_url(text)
    except InvalidInput as error:
        message = Sentence("{problem}, or a folder's absolute path", problem=error)
        raise ValueError(message) from error


def _endpoint(text: str | None) -> str | None:
    return None if text is None else _public_url(text)


class Settings(BaseModel):
    """Everything that a registry can be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: Annotated[str, AfterValidator(_origin)]
    """The log's name: signed in every proof and checkpoint, never changes."""
    public_url: Annotated[str, AfterValidator(_public_url)]
    """Where people reach the registry; stands in QR codes."""
    operator_did: Annotated[str, AfterValidator(_did)]
    """The DID that signs trust statements."""
    operator_key: Annotated[str, AfterValidator(_multibase_key)]
    """The operator's first public key, multibase; later ones come from the log (rotateOperator)."""
    recovery_key: Annotated[str, AfterValidator(_multibase_key)]
    """The public key that may replace a lost operator key."""
    epoch_interval: int = Field(default=EPOCH_INTERVAL, ge=1, le=MAX_EPOCH_INTERVAL)
    """Seconds that an entry waits at most before an epoch commits the status and trust trees."""
    heartbeat: int = Field(default=MAX_HEARTBEAT, ge=1, le=MAX_HEARTBEAT)
    """Seconds after which an epoch is appended although nothing happened."""
    publish_interval: float = Field(default=0.5, ge=0.05, le=5)
    """Seconds between two looks for something to sign."""
    max_unused_slots: int = Field(default=100_000, ge=1, le=10_000_000)
    """Reserved, unexpired and unused slots that one issuer may hold."""
    slot_lifetime: int = Field(default=7 * 86_400, ge=60, le=366 * 86_400)
    """Seconds after which an unused slot can no longer be used."""
    database: Annotated[str | None, AfterValidator(_database)] = None
    """Where the log is kept: the URL of a PostgreSQL database, without password; absent, SQLite in the data folder."""
    tiles: Annotated[str | None, AfterValidator(_tiles)] = None
    """Where tiles are kept: s3://BUCKET/PREFIX, or a folder's absolute path; absent, in the data folder."""
    tiles_endpoint: Annotated[str | None, AfterValidator(_endpoint)] = None
    """The address of the object storage where it is not Amazon's; its keys come from the environment."""
    busy_timeout: float = Field(default=10, ge=0.1, le=60)
    """Seconds that a writer waits for another before it answers "try again"."""
    witnesses: _Witnesses = ()
    """Witnesses that are asked to cosign, each as "VKEY URL"; with ; between them in a variable."""
    witness_quorum: int = Field(default=0, ge=0, le=MAX_COSIGNERS)
    """How many witnesses are wanted under a head; when they are missing, the worker and the doctor say so."""
    auditors: _Auditors = ()
    """Vkeys of the auditors whose cosignatures are taken, and which the trust root names."""
    auditor_quorum: int = Field(default=0, ge=0, le=MAX_COSIGNERS)
    """How many auditors stand in for the chain; at least 1 where there are auditors."""
    witness_interval: float = Field(default=10, ge=0.05, le=3600)
    """Seconds between two looks for a head that a witness has not cosigned."""

    @property
    def operator(self) -> Operator:
        """The pinned operator."""
        key = PublicKey.from_multibase(self.operator_key)
        return Operator(self.operator_did, key, PublicKey.from_multibase(self.recovery_key))

    @property
    def cosigners(self) -> CosignerPolicy:
        """Who may cosign, and how many are wanted."""
        return CosignerPolicy.read(self.witnesses, self.witness_quorum, self.auditors, self.auditor_quorum)

    @model_validator(mode="after")
    def _cosigners_fit(self) -> "Settings":
        try:
            _ = self.cosigners
        except CertlogError as error:
            raise ValueError(str(error)) from error
        return self

    def to_toml(self) -> str:
        """Return the [registry] table that says this; the one place that writes it is `certlog registry init`."""
        said = self.model_dump(exclude_none=True)
        lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
        return "\n".join(["[registry]", *lines, ""])


def read_table(path: Path, table: str) -> dict[str, object]:
    """Return one program's table of settings.toml.

    Raises:
        InvalidInput: no such file, not TOML, or a table that no program of ours owns.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        message = Sentence("{path} does not exist; make it with: certlog registry init", path=path)
        raise InvalidInput(message, code="no-settings") from error
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise Unavailable(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = Sentence("{path} is not TOML: {error}", path=path, error=error)
        raise InvalidInput(message, code="bad-settings") from error
    unknown = sorted(set(tables) - set(TABLES))
    if unknown:
        message = Sentence(
            "{path}: unknown key {unknown!r} outside the tables {tables}",
            path=path,
            unknown=unknown[0],
            tables=", ".join(f"[{name}]" for name in TABLES),
        )
        raise InvalidInput(message, code="unknown-setting")
    found = tables.get(table, {})
    if not isinstance(found, dict):
        message = Sentence(
            "{path}: expected a table [{table}], found {found}",
            path=path,
            table=table,
            found=type(found).__name__,
        )
        raise InvalidInput(message, code="bad-settings")
    return found


def with_database(path: Path, database: str | None) -> str:
    """Return the text of a settings file with another database; None is SQLite in the data folder."""
    lines: list[str] = []
    for table in TABLES:
        values = read_table(path, table)
        if table == "registry":
            kept = {name: value for name, value in values.items() if name != "database"}
            values = kept if database is None else kept | {"database": database}
        lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
    return "\n".join([*lines, ""])


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the [registry] table of settings.toml, then the environment, which wins.

    Raises:
        InvalidInput: a missing, unknown or wrong setting; the message names it and where it was looked for.
    """
    values = read_table(path, "registry") | _from_environment(environ)
    return make_settings(values, f"{path} [registry]")


def make_settings(values: Mapping[str, object], place: str = _OPTIONS) -> Settings:
    """Check settings from anywhere; `place` is named in errors.

    Raises:
        InvalidInput: a missing, unknown or wrong setting.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _explain(error, place) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    fields = {f"{ENVIRONMENT_PREFIX}{name.upper()}": name for name in Settings.model_fields}
    ours = {name: value for name, value in environ.items() if name.startswith(ENVIRONMENT_PREFIX)}
    unknown = sorted(ours.keys() - fields.keys())
    if unknown:
        message = Sentence(
            "unknown setting {unknown} in the environment; known: {known}",
            unknown=unknown[0],
            known=", ".join(sorted(fields)),
        )
        raise InvalidInput(message, code="unknown-setting")
    return {fields[name]: value for name, value in ours.items()}


def _explain(error: ValidationError, place: str) -> InvalidInput:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "missing":
            variable = f"{ENVIRONMENT_PREFIX}{name.upper()}"
            message = Sentence(
                "setting {name!r} is missing; set it in {place} or as {variable}",
                name=name,
                place=place,
                variable=variable,
            )
            return InvalidInput(message, code="missing-setting")
        case "extra_forbidden":
            message = Sentence(
                "unknown setting {name!r} in {place}; known: {known}",
                name=name,
                place=place,
                known=", ".join(Settings.model_fields),
            )
            return InvalidInput(message, code="unknown-setting")
        case _ if not name:
            # Settings that are right one by one and contradict each other.
            problem = first.get("ctx", {}).get("error", first["msg"])
            return InvalidInput(
                Sentence("the settings in {place}: {problem}", place=place, problem=problem),
                code="bad-setting",
            )
        case _:
            # What our own validators say, without "Value error, " before it; pydantic's own words stay English.
            problem = first.get("ctx", {}).get("error", first["msg"])
            message = Sentence(
                "setting {name!r} in {place}: {problem}", name=name, place=place, problem=problem
            )
            return InvalidInput(message, code="bad-setting")

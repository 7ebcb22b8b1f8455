"""Anchoring's settings: one frozen value, read once from anchoring.toml in the data folder.

`certlog anchor open-log` writes the file; an operator may edit it. Unknown keys are refused. A chain is data: its id,
its class, how its blocks become final and what its transactions look like. No secret is a setting.
"""

import json
import os
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from anchoring.batch import Target
from anchoring.contract import ADDRESS_BYTES, checksummed, log_id
from anchoring.fees import FeePolicy
from anchoring.line import Pins, Policy
from anchoring.ports import Finality
from certlog.digests import DIGEST_BYTES
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.trust_root import Chain, LogId
from storage.database import Address
from storage.postgres import parse_url

FILE_NAME: Final = "anchoring.toml"
DATABASE_NAME: Final = "anchoring.db"

MAX_ENDPOINTS: Final = 8
Endpoint = Annotated[str, Field(pattern=r"^https?://\S+$")]
MAX_WEI: Final = 10**12
"""A thousand gwei for one unit of gas: more than any chain ever asked, and a transaction's cost fits 63 bits."""
_POLICY: Final = Policy()
_FEES: Final = FeePolicy()

_HEADER: Final = """\
# Where and how this registry anchors its checkpoints. Written by: certlog anchor open-log
# Times are seconds, fees are wei for one unit of gas. docs/anchoring.md explains each setting.
"""


def parse_address(text: str) -> str:
    """Return an address with its checksum.

    Raises:
        ValueError: not an address, or one whose checksum is wrong.
    """
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != ADDRESS_BYTES:
        raise ValueError(f"expected an address of 0x and 40 hex digits, found {text!r}")
    address = checksummed(value)
    if text.lower() != text and text != address:
        raise ValueError(f"the address {text} is mistyped: its checksum would make it {address}")
    return address


def parse_digest(text: str) -> str:
    """Return 32 bytes as 0x and 64 lower-case hex digits.

    Raises:
        ValueError: not 32 bytes of hex.
    """
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != DIGEST_BYTES:
        raise ValueError(f"expected 0x and 64 hex digits, found {text!r}")
    return "0x" + value.hex()


def _at_least_one(finality: Finality) -> Finality:
    if finality != "tag" and finality < 1:
        raise ValueError(f'expected "tag" or at least 1 block, found {finality}')
    return finality


def _database(text: str | None) -> str | None:
    return None if text is None else parse_url(text).render_as_string()


def _earlier(text: str) -> LogId:
    log, _, size = text.partition(":")
    if not (size.isascii() and size.isdigit()):
        raise ValueError(f"expected an earlier log as 0x…:SIZE, found {text!r}")
    return LogId(parse_digest(log), int(size))


def _earlier_text(text: str) -> str:
    log = _earlier(text)
    return f"{log.log_id}:{log.max_size}"


EarlierLog = Annotated[str, AfterValidator(_earlier_text)]
MAX_EARLIER: Final = 8


class AnchoringSettings(BaseModel):
    """Everything that anchoring can be told."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    origin: Annotated[str, Field(min_length=1, max_length=200)]
    """The log's name, as in its checkpoints."""
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1, max_length=MAX_ENDPOINTS, strict=False)]
    """The nodes' JSON-RPC addresses; a file of an earlier version names one as `endpoint`."""
    quorum: Annotated[int, Field(ge=1)] | None = None
    """How many nodes must say the same; absent, two where there are several."""
    chain_id: Annotated[int, Field(gt=0)]
    """EIP-155 chain id; a node that states another stops the worker."""
    chain_class: Literal["public", "consortium", "local"]
    """Who runs the chain; a local chain is shown as a test chain everywhere."""
    contract: Annotated[str, AfterValidator(parse_address)]
    """The address of CheckpointAnchor."""
    code_hash: Annotated[str, AfterValidator(parse_digest)]
    """keccak-256 of the contract's runtime code; other code stops the worker."""
    log_id: Annotated[str, AfterValidator(parse_digest)]
    """The log in the contract."""
    earlier_logs: Annotated[tuple[EarlierLog, ...], Field(max_length=MAX_EARLIER, strict=False)] = ()
    """Logs whose successor this one is, oldest first: "ID:SIZE", the size up to which each counts."""
    account: Annotated[str, AfterValidator(parse_address)]
    """The anchorer: the account that pays and appends."""
    finality: Annotated[Finality, AfterValidator(_at_least_one)] = "tag"
    """The word "tag" where the chain has a `finalized` block, else how many blocks on top make one final."""
    transactions: Literal["eip1559", "legacy"] = "eip1559"
    """Type 2 or type 0 transactions."""
    priority_fee: Annotated[int, Field(ge=0)] = _FEES.priority_fee
    """The tip; EIP-1559 only."""
    max_fee: Annotated[int, Field(ge=0, le=MAX_WEI)] = _FEES.max_fee
    """Above this nothing is signed."""
    gas_price: Annotated[int, Field(ge=0)] | None = None
    """Type 0 only: this price, whatever the node suggests; 0 where gas is free. Absent: the node's."""
    max_delay: Annotated[int, Field(ge=1)] = _POLICY.max_delay
    """A new entry waits at most this long for the next batch."""
    max_entries: Annotated[int, Field(ge=1)] = _POLICY.max_entries
    """So many new entries are anchored at once."""
    heartbeat: Annotated[int, Field(ge=1)] = _POLICY.heartbeat
    """A batch is anchored after this long even when nothing happened."""
    rebroadcast_after: Annotated[int, Field(ge=1)] = _POLICY.rebroadcast_after
    """An unseen transaction leaves again after this long."""
    bump_after: Annotated[int, Field(ge=1)] = _POLICY.bump_after
    """More is offered for gas when a transaction was not included for so long."""
    daily_gas: Annotated[int, Field(ge=0)] = _POLICY.daily_gas
    """Units of gas that the account may spend in a UTC day; beyond it batches wait."""
    daily_wei: Annotated[int, Field(ge=0)] | None = _POLICY.daily_wei
    """Wei that the account may spend in a UTC day; absent: what gas and its price allow."""
    max_head_age: Annotated[int, Field(ge=1)] = _POLICY.max_head_age
    """Nothing is signed while the node's newest block is older."""
    database: Annotated[str | None, AfterValidator(_database)] = None
    """The URL of a PostgreSQL database, without password; absent, SQLite in the data folder."""
    poll: Annotated[float, Field(ge=0.05, le=600, strict=False)] = 2.0
    """Seconds between two looks at the chain."""
    pkcs11_module: Annotated[str | None, Field(min_length=1)] = None
    """The library of a PKCS#11 token that holds the anchorer's key; absent, the key is a keystore file."""
    pkcs11_token: Annotated[str | None, Field(min_length=1)] = None
    """The token's label."""
    pkcs11_key: Annotated[str | None, Field(min_length=1)] = None
    """The key's label in the token."""

    @model_validator(mode="before")
    @classmethod
    def _one_endpoint(cls, values: dict[str, object]) -> dict[str, object]:
        """Read what an earlier version wrote."""
        if "endpoint" not in values or "endpoints" in values:
            return values
        return {"endpoints": [values["endpoint"]]} | {k: v for k, v in values.items() if k != "endpoint"}

    @model_validator(mode="after")
    def _possible_quorum(self) -> Self:
        if len(set(self.endpoints)) != len(self.endpoints):
            raise ValueError("an endpoint is named twice: it would agree with itself")
        if self.needed() > len(self.endpoints):
            raise ValueError(
                f"a quorum of {self.quorum} needs as many endpoints, found {len(self.endpoints)}"
            )
        return self

    @model_validator(mode="after")
    def _whole_token(self) -> Self:
        named = (self.pkcs11_module, self.pkcs11_token, self.pkcs11_key)
        if any(named) and not all(named):
            raise ValueError("a token needs pkcs11_module, pkcs11_token and pkcs11_key")
        return self

    def needed(self) -> int:
        """Return how many nodes must say the same."""
        return min(2, len(self.endpoints)) if self.quorum is None else self.quorum

    def target(self) -> Target:
        """Return where batches go."""
        return Target(self.chain_id, self.contract, _bytes(self.log_id), self.origin)

    def pins(self) -> Pins:
        """Return what must hold on the wire."""
        return Pins(
            self.target(),
            _bytes(self.code_hash),
            self.account,
            owns_log=log_id(self.account, self.origin) == _bytes(self.log_id),
            predecessor=_bytes(_earlier(self.earlier_logs[-1]).log_id) if self.earlier_logs else None,
        )

    def policy(self) -> Policy:
        """Return when to anchor and how patiently to wait."""
        return Policy(
            max_delay=self.max_delay,
            max_entries=self.max_entries,
            heartbeat=self.heartbeat,
            rebroadcast_after=self.rebroadcast_after,
            bump_after=self.bump_after,
            daily_gas=self.daily_gas,
            daily_wei=self.daily_wei,
            max_head_age=self.max_head_age,
        )

    def fees(self) -> FeePolicy:
        """Return what may be offered for gas."""
        return FeePolicy(self.transactions == "legacy", self.priority_fee, self.max_fee, self.gas_price)

    def trust_root_chain(self) -> Chain:
        """Return this chain as a verifier's trust root pins it."""
        return Chain(
            id=self.chain_id,
            chain_class=self.chain_class,
            contract=self.contract.lower(),
            code_hash=self.code_hash,
            log_ids=(*map(_earlier, self.earlier_logs), LogId(self.log_id, None)),
            endpoints=self.endpoints,
            quorum=self.needed(),
            finality=None if self.finality == "tag" else self.finality,
        )

    def address(self, folder: Path) -> Address:
        """Return where anchoring's tables are, for a data folder."""
        return folder / DATABASE_NAME if self.database is None else parse_url(self.database)

    def to_toml(self) -> str:
        """Return the file's text; reading it gives an equal value."""
        lines = [
            f"{name} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in self.model_dump(exclude_none=True).items()
        ]
        return _HEADER + "\n".join(lines) + "\n"


def load_settings(folder: Path, name: str = FILE_NAME) -> AnchoringSettings:
    """Read anchoring.toml, or another line's file, in a data folder.

    Raises:
        InvalidInput: no such file, not TOML, or a missing, unknown or wrong setting, which is named.
        Unavailable: the file cannot be read.
    """
    path = folder / name
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        message = Sentence(
            "{path} does not exist; make it with: certlog anchor deploy, then certlog anchor open-log",
            path=path,
        )
        raise InvalidInput(message, code="no-settings") from error
    except OSError as error:
        raise Unavailable(Sentence("cannot read {path}: {reason}", path=path, reason=error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            Sentence("{path} is not TOML: {error}", path=path, error=error), code="bad-settings"
        ) from error
    return make_settings(table, str(path))


def make_settings(values: dict[str, object], place: str) -> AnchoringSettings:
    """Check settings from anywhere; `place` is named in errors.

    Raises:
        InvalidInput: a missing, unknown or wrong setting.
    """
    try:
        return AnchoringSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        known = f"; known: {', '.join(AnchoringSettings.model_fields)}"
        hint = known if first["type"] == "extra_forbidden" else ""
        message = Sentence("setting {name!r}: {problem}{hint}", name=name, problem=first["msg"], hint=hint)
        raise InvalidInput(message, place=place, code="bad-setting") from error


def require_writable(folder: Path) -> None:
    """Require that anchoring.toml could be saved: asked before anything is spent.

    Raises:
        Unavailable: no such folder, or it is read-only for this user.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Unavailable(
            Sentence("cannot write in {folder}: make it, or choose another folder with --data", folder=folder)
        )


def save_settings(settings: AnchoringSettings, folder: Path, name: str = FILE_NAME) -> Path:
    """Write anchoring.toml, or another line's file, as a whole, replacing the old one; durable when this returns.

    Raises:
        Unavailable: the folder cannot be written.
    """
    path = folder / name
    new = path.with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(settings.to_toml())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise Unavailable(
            Sentence(
                "cannot write {path}: {reason}; choose another folder with --data",
                path=path,
                reason=error,
            )
        ) from error
    return path


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))

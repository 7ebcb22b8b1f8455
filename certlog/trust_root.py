"""The trust root of a verifier: what it pins before it believes anything (docs/formats.md, section 9).

It is shipped or handed over, shown to the user, and compared by its fingerprint over another channel.
"""

import re
from dataclasses import dataclass
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import sha256
from certlog.errors import InvalidInput
from certlog.keys import PublicKey, check_did
from certlog.note import COSIGNATURE_V1, ED25519_NOTE, VerifierKey
from certlog.operator_record import Operator, PinnedRotation, require_rising
from certlog.sentences import Sentence
from certlog.strict_json import (
    JSONObject,
    JSONValue,
    as_text,
    get_int,
    get_int_or_null,
    get_items,
    get_object,
    get_str,
    members,
    parse_object,
)

TRUST_ROOT_VERSION: Final = 1
MAX_TRUST_ROOT_BYTES: Final = 64 * 1024
MAX_ITEMS: Final = 100
CHAIN_CLASSES: Final = ("public", "consortium", "local")
_HASH: Final = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogKey:
    """A log key and the checkpoint sizes for which it counts: from_size <= size < to_size (None: no end)."""

    vkey: VerifierKey
    from_size: int
    to_size: int | None

    def covers(self, size: int) -> bool:
        """Tell whether the key counts for a checkpoint of this size."""
        return self.from_size <= size and (self.to_size is None or size < self.to_size)

    @classmethod
    def from_json(cls, value: JSONValue, place: str) -> "LogKey":
        """Parse `{vkey, fromSize, toSize}`."""
        obj = members(value, required=("vkey", "fromSize", "toSize"), place=place)
        vkey = _vkey(get_str(obj, "vkey", place), ED25519_NOTE, place)
        return cls(vkey, get_int(obj, "fromSize", place), get_int_or_null(obj, "toSize", place))

    def to_json(self) -> JSONObject:
        """Return the log key as JSON."""
        return {"vkey": self.vkey.to_text(), "fromSize": self.from_size, "toSize": self.to_size}


@dataclass(frozen=True, slots=True)
class LogId:
    """A log on the contract, and the largest size of it that counts (None: no limit)."""

    log_id: str
    max_size: int | None

    def covers(self, size: int) -> bool:
        """Tell whether an anchor of this size counts: a head above max_size was left behind."""
        return self.max_size is None or size <= self.max_size

    @classmethod
    def from_json(cls, value: JSONValue, place: str) -> "LogId":
        """Parse `{logId, maxSize}`."""
        obj = members(value, required=("logId", "maxSize"), place=place)
        return cls(_matching(obj, "logId", _HASH, place), get_int_or_null(obj, "maxSize", place))

    def to_json(self) -> JSONObject:
        """Return the log id as JSON."""
        return {"logId": self.log_id, "maxSize": self.max_size}


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain and a contract that anchors the log.

    Attributes:
        id: EIP-155 chain id.
        chain_class: "public", "consortium" or "local"; a local chain proves nothing to others.
        contract: address, 0x and 40 lower-case hex digits.
        code_hash: keccak-256 of the contract's runtime code, 0x hex.
        log_ids: the logs on the contract that count.
        endpoints: JSON-RPC addresses to ask.
        quorum: how many of them must agree.
        finality: depth in blocks, or None where the chain has a `finalized` tag.
    """

    id: int
    chain_class: str
    contract: str
    code_hash: str
    log_ids: tuple[LogId, ...]
    endpoints: tuple[str, ...]
    quorum: int
    finality: int | None

    @classmethod
    def from_json(cls, value: JSONValue, place: str) -> "Chain":
        """Parse a chain."""
        names = ("id", "class", "contract", "codeHash", "logIds", "endpoints", "quorum", "finality")
        obj = members(value, required=names, place=place)
        chain_class, quorum = get_str(obj, "class", place), get_int(obj, "quorum", place)
        endpoints = get_items(obj, "endpoints", place, as_text, most=MAX_ITEMS)
        if chain_class not in CHAIN_CLASSES or quorum < 1:
            message = Sentence(
                "expected a class of {chain_classes} and a quorum of at least 1",
                chain_classes=", ".join(CHAIN_CLASSES),
            )
            raise InvalidInput(message, place=place, code="bad-chain")
        if quorum > max(1, len(endpoints)):
            message = Sentence(
                "{quorum} of {endpoints_count} endpoints can never agree",
                quorum=quorum,
                endpoints_count=len(endpoints),
            )
            raise InvalidInput(message, place=f"{place}/quorum", code="bad-chain")
        finality = None if obj["finality"] == "tag" else get_int(obj, "finality", place)
        return cls(
            id=get_int(obj, "id", place),
            chain_class=chain_class,
            contract=_matching(obj, "contract", _ADDRESS, place),
            code_hash=_matching(obj, "codeHash", _HASH, place),
            log_ids=get_items(obj, "logIds", place, LogId.from_json, most=MAX_ITEMS),
            endpoints=endpoints,
            quorum=quorum,
            finality=finality,
        )

    def to_json(self) -> JSONObject:
        """Return the chain as JSON; finality is `"tag"` or a depth."""
        return {
            "id": self.id,
            "class": self.chain_class,
            "contract": self.contract,
            "codeHash": self.code_hash,
            "logIds": [log_id.to_json() for log_id in self.log_ids],
            "endpoints": list(self.endpoints),
            "quorum": self.quorum,
            "finality": "tag" if self.finality is None else self.finality,
        }


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """Everything that a verifier takes for granted.

    Attributes:
        origin: the log's origin.
        log_keys: the keys that sign its checkpoints.
        operator: DID, first key and recovery key of the operator.
        list_key: signs the served W3C lists; never evidence.
        auditors: cosigner keys (0x04) whose quorum stands in for the chain.
        auditor_quorum: how many of them; 0 when there are none.
        chains: where the log is anchored; any of them suffices.
        max_status_age: seconds after which a status is too old to be green.
        max_anchor_age: seconds after which the newest anchor turns the verdict amber.
    """

    origin: str
    log_keys: tuple[LogKey, ...]
    operator: Operator
    list_key: PublicKey
    auditors: tuple[VerifierKey, ...]
    auditor_quorum: int
    chains: tuple[Chain, ...]
    max_status_age: int
    max_anchor_age: int

    @property
    def is_test_chain(self) -> bool:
        """Whether every chain is local: such a log always carries the banner "test chain"."""
        return bool(self.chains) and all(chain.chain_class == "local" for chain in self.chains)

    @classmethod
    def parse(cls, data: bytes) -> "TrustRoot":
        """Read a trust root file, pretty-printed or canonical."""
        return cls.from_json(parse_object(data, max_bytes=MAX_TRUST_ROOT_BYTES))

    @classmethod
    def from_json(cls, value: JSONValue) -> "TrustRoot":
        """Parse a trust root; unknown members are refused."""
        names = ("v", "origin", "logKeys", "operator", "listKey", "auditors", "chains")
        obj = members(value, required=(*names, "maxStatusAge", "maxAnchorAge"))
        if get_int(obj, "v") != TRUST_ROOT_VERSION:
            raise InvalidInput(
                Sentence(
                    "expected trust root version {trust_root_version}", trust_root_version=TRUST_ROOT_VERSION
                ),
                place="/v",
                code="bad-version",
            )
        origin = get_str(obj, "origin")
        log_keys = get_items(obj, "logKeys", "", LogKey.from_json, most=MAX_ITEMS)
        if not log_keys or any(key.vkey.name != origin for key in log_keys):
            raise InvalidInput(
                "every log key bears the origin as its name", place="/logKeys", code="bad-vkey"
            )
        auditors = members(obj["auditors"], required=("keys", "quorum"), place="/auditors")
        keys = get_items(auditors, "keys", "/auditors", _auditor, most=MAX_ITEMS)
        quorum = get_int(auditors, "quorum", "/auditors")
        if quorum > len(keys) or (keys and quorum < 1):
            raise InvalidInput("the quorum is between 1 and the number of auditors", place="/auditors/quorum")
        return cls(
            origin=origin,
            log_keys=log_keys,
            operator=_operator(get_object(obj, "operator")),
            list_key=PublicKey.from_multibase(get_str(obj, "listKey"), "/listKey"),
            auditors=keys,
            auditor_quorum=quorum,
            chains=get_items(obj, "chains", "", Chain.from_json, most=MAX_ITEMS),
            max_status_age=get_int(obj, "maxStatusAge"),
            max_anchor_age=get_int(obj, "maxAnchorAge"),
        )

    def to_json(self) -> JSONObject:
        """Return the trust root as JSON."""
        return {
            "v": TRUST_ROOT_VERSION,
            "origin": self.origin,
            "logKeys": [key.to_json() for key in self.log_keys],
            "operator": _operator_json(self.operator),
            "listKey": self.list_key.multibase,
            "auditors": {"keys": [key.to_text() for key in self.auditors], "quorum": self.auditor_quorum},
            "chains": [chain.to_json() for chain in self.chains],
            "maxStatusAge": self.max_status_age,
            "maxAnchorAge": self.max_anchor_age,
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: what the fingerprint is taken over."""
        return canonicalize(self.to_json())

    def fingerprint(self) -> str:
        """Return SHA-256 of the canonical bytes as 16 groups of 4 hex digits, for people to compare."""
        text = sha256(self.to_bytes()).hex()
        return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _operator(obj: JSONObject) -> Operator:
    place = "/operator"
    members(obj, required=("did", "key", "recoveryKey"), optional=("rotations",), place=place)
    rotations: tuple[PinnedRotation, ...] = ()
    if "rotations" in obj:
        rotations = get_items(obj, "rotations", place, PinnedRotation.from_json, most=MAX_ITEMS)
        require_rising(rotations, f"{place}/rotations")
        if not rotations:
            raise InvalidInput("left out where empty", place=f"{place}/rotations", code="bad-rotation")
    return Operator(
        check_did(get_str(obj, "did", place), f"{place}/did"),
        PublicKey.from_multibase(get_str(obj, "key", place), f"{place}/key"),
        PublicKey.from_multibase(get_str(obj, "recoveryKey", place), f"{place}/recoveryKey"),
        rotations,
    )


def _operator_json(operator: Operator) -> JSONObject:
    obj: JSONObject = {
        "did": operator.did,
        "key": operator.key.multibase,
        "recoveryKey": operator.recovery_key.multibase,
    }
    if operator.rotations:
        obj["rotations"] = [rotation.to_json() for rotation in operator.rotations]
    return obj


def _vkey(text: str, key_type: int, place: str) -> VerifierKey:
    key = VerifierKey.from_text(text)
    if key.key_type != key_type:
        raise InvalidInput(
            Sentence("expected a key of type {key_type:#04x}", key_type=key_type),
            place=place,
            code="bad-vkey",
        )
    return key


def _auditor(value: JSONValue, place: str) -> VerifierKey:
    return _vkey(as_text(value, place), COSIGNATURE_V1, place)


def _matching(obj: JSONObject, name: str, pattern: re.Pattern[str], place: str) -> str:
    text = get_str(obj, name, place)
    if not pattern.fullmatch(text):
        raise InvalidInput("expected 0x and lower-case hex digits", place=f"{place}/{name}", code="bad-hex")
    return text

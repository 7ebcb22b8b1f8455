"""Signing drafts: each becomes a complete certificate for one slot, signed and kept before anything else happens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from certlog.certificate_id import certificate_id
from certlog.credential import check_certificate, credential_status
from certlog.documents import certificate_challenge, secure
from certlog.encoding import b64url
from certlog.entry import certificate_entry
from certlog.slots import Slot
from certlog.strict_json import JSONObject
from issuer.content_modes import ContentMode, Sealing, mode_of
from issuer.drafts import Draft
from issuer.journal import Journal, JournalRow
from issuer.key_file import IssuerKey
from issuer.submit import Progress

SIGNED_AT_ONCE: Final = 500
"""Certificates kept by one durable write."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Signs drafts for one log and keeps them in one journal.

    Attributes:
        key: the issuer's key and DID.
        origin: the log's origin.
        journal: where signed bytes are kept.
        content: how the content goes to the registry; None: as each kind of certificate asks for.
        now: the clock.
        random_bytes: the source of ids, salts and keys of sealed content.
    """

    key: IssuerKey
    origin: str
    journal: Journal
    content: ContentMode | None
    now: Callable[[], int]
    random_bytes: Callable[[int], bytes]

    def sign_all(
        self, drafts: Iterable[Draft], slots: Iterable[Slot], total: int, progress: Progress
    ) -> None:
        """Sign drafts for slots, a chunk at a time; what is signed is durable before the next chunk begins.

        Requires as many slots as drafts, and versions of one number in rising order.
        """
        pairs, done = zip(drafts, slots, strict=True), 0
        progress("sign", 0, total)
        while chunk := list(islice(pairs, SIGNED_AT_ONCE)):
            signed: dict[tuple[str, int], tuple[JournalRow, bytes]] = {}
            for draft, slot in chunk:
                before = signed.get((draft.number, draft.version - 1))
                content = self._content(draft, slot, before[0] if before else self._before(draft))
                signed[draft.number, draft.version] = self._sign(draft, content, slot)
            self.journal.add_certificates(list(signed.values()))
            done += len(chunk)
            progress("sign", done, total)

    def _before(self, draft: Draft) -> JournalRow | None:
        if draft.version == 1:
            return None
        return self.journal.find(self.key.did, draft.number, draft.version - 1)

    def _content(self, draft: Draft, slot: Slot, previous: JournalRow | None) -> JSONObject:
        """Complete a draft: a random id, a salt against guessing its hash, its slot, what it replaces."""
        content = draft.content | {
            "id": urn_uuid(self.random_bytes(16)),
            "salt": b64url(self.random_bytes(16)),
            "credentialStatus": credential_status(self.origin, slot),
        }
        if previous is not None and draft.replace_reason is not None:
            content["replaces"] = {
                "id": previous.secured().content["id"],
                "digest": b64url(previous.document_hash),
                "reason": draft.replace_reason,
            }
        check_certificate(content, origin=self.origin)
        return content

    def _sign(self, draft: Draft, content: JSONObject, slot: Slot) -> tuple[JournalRow, bytes]:
        signed_at, mode = self.now(), mode_of(content, self.content)
        if mode is not ContentMode.PUBLIC:
            self.journal.number_secret(self.random_bytes)
        secured = secure(
            content,
            signer=self.key.signer,
            did=self.key.did,
            domain=self.origin,
            challenge=certificate_challenge(slot),
            created=signed_at,
        )
        row = JournalRow(
            document_hash=secured.document_hash,
            id=certificate_id(secured.document_hash),
            issuer=self.key.did,
            number=draft.number,
            version=draft.version,
            input_hash=draft.input_hash,
            slot=slot,
            document=secured.to_bytes(),
            pdf_name=None,
            pdf_sha256=None,
            mode=mode,
            signed_at=signed_at,
            sealing=Sealing.fresh(self.random_bytes) if mode is ContentMode.SEALED else None,
        )
        return row, certificate_entry(secured, slot).to_bytes()


def urn_uuid(random: bytes) -> str:
    """Return a version 4 UUID as a URN (RFC 9562, 5.4), from 16 random bytes."""
    number = int.from_bytes(random, "big") & ~(0xF000 << 64 | 0xC000 << 48) | (0x4000 << 64 | 0x8000 << 48)
    digits = f"{number:032x}"
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

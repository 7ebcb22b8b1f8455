"""An issuing body's desk for tests: key, example file, output folder, a registry that works, a clock that stands."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.documents import SecuredDocument
from certlog.keys import did_key
from issuer.body import Body, read_body
from issuer.glyphs import FindUnprintable
from issuer.issue import IssueReport, Request, Tools, issue, read_drafts
from issuer.journal import Journal, open_journal
from issuer.key_file import IssuerKey
from issuer.pdf import MakePdf
from issuer.signers import Ed25519Signer
from issuer.submit import Progress, Submitted, submit_waiting
from tests.support.fake_registry import FakeRegistry

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
NOW: Final = 1_795_500_000  # 2026-11-24


def pseudo_random(seed: str) -> Callable[[int], bytes]:
    """Return a source of bytes that differ at each call and repeat in each run."""
    counter = iter(range(1_000_000))
    return lambda size: hashlib.shake_128(f"{seed}{next(counter)}".encode()).digest(size)


def quick_pdf(secured: SecuredDocument, signed_at: int, key_text: str = "") -> bytes:
    """Stand in for typst where a test is not about the page."""
    return b"%PDF " + secured.document_hash + str(signed_at).encode() + key_text.encode()


def everything_prints(_text: str) -> str:
    """Stand in for the fonts where a test is not about the page."""
    return ""


def no_progress(_stage: str, _done: int, _total: int) -> None:
    """Show nothing."""


def throw_away_key() -> IssuerKey:
    """Return the key of the tests' certification body."""
    signer = Ed25519Signer(hashlib.sha256(b"the issuer's throw-away key").digest())
    return IssuerKey(did_key(signer.public_key), signer)


@dataclass
class Desk:
    """Runs of the issuing use cases over one folder; change a member to change the next run."""

    folder: Path
    registry: FakeRegistry
    key: IssuerKey
    body: Body
    now: int = NOW
    seed: str = "first run"
    make_pdf: MakePdf = quick_pdf
    find_unprintable: FindUnprintable = everything_prints
    progress: Progress = no_progress

    @classmethod
    def at(cls, folder: Path) -> "Desk":
        """Set up a desk whose registry shares its clock."""
        registry = FakeRegistry(lambda: desk.now)
        desk = cls(folder, registry, throw_away_key(), read_body(EXAMPLES / "body.toml"))
        return desk

    def issue(self, data: bytes | None = None, *, partial: bool = False, submit: bool = True) -> IssueReport:
        """Issue a CSV file: the example's 20 certificates, or another."""
        csv = (EXAMPLES / "conformity.csv").read_bytes() if data is None else data
        drafts = read_drafts(csv, is_json=False, body=self.body, did=self.key.did)
        with self.journal() as journal:
            return issue(Request(drafts, self.folder, partial=partial, submit=submit), self.tools(journal))

    def resume(self) -> Submitted:
        """Submit what waits."""
        with self.journal() as journal:
            return submit_waiting(journal, self.registry, self.progress)

    def tools(self, journal: Journal) -> Tools:
        """Return what a run needs."""
        random_bytes = pseudo_random(self.seed)
        return Tools(
            self.key,
            journal,
            self.registry,
            self.make_pdf,
            self.find_unprintable,
            lambda: self.now,
            random_bytes,
            self.progress,
        )

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Open the folder's journal."""
        with open_journal(self.folder) as journal:
            yield journal

    def files(self) -> dict[str, bytes]:
        """Return the PDFs made so far."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("*.pdf"))}


def two_rows(**changes: str) -> bytes:
    """Return the example file's headings and first two rows, with words replaced in the first."""
    lines = (EXAMPLES / "conformity.csv").read_text(encoding="utf-8-sig").splitlines()[:3]
    for old, new in changes.items():
        if old not in lines[1]:
            raise LookupError(f"the example's first row no longer says {old!r}")
        lines[1] = lines[1].replace(old, new)
    return "\r\n".join(lines).encode()

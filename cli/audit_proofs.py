"""`certlog audit --proofs DIR`: writes what shows an audit's findings about statuses to others, and says what it is."""

from pathlib import Path

from certlog.checkpoint import Checkpoint
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from cli.files import replace_file
from cli.language import say
from cli.log_view import TiledLog
from cli.omission import SHOWN
from verifier.audit_proofs import exhibits, is_about_statuses
from verifier.audit_record import Audit
from verifier.mirror import Mirror


def write_proofs(found: Audit, mirror: Mirror, trust_root: TrustRoot, folder: Path) -> None:
    """Write every exhibit of an audit; where no finding is about statuses, nothing is written.

    Raises:
        Unavailable: the folder cannot be written.
    """
    if not is_about_statuses(found):
        return
    log = TiledLog(mirror, Checkpoint(found.origin, found.size, found.root))
    proofs = 0
    try:
        for exhibit in exhibits(found, mirror.source, log, trust_root):
            path = folder / exhibit.name
            _write(path, exhibit.data)
            if exhibit.shows is None:
                say(Sentence("list as it was served: {path}", path=path), err=True)
                continue
            proofs += 1
            shown = SHOWN[exhibit.shows.contradiction]
            say(Sentence("omission proof: {path}: {what}", path=path, what=shown), err=True)
    except Unavailable as error:
        say(Sentence("no further omission proof: {error}", error=error), err=True)
    if not proofs:
        say(
            Sentence(
                "no omission proof could be made: no statement of the log itself is at hand that contradicts its "
                "entries; keep the mirror, and ask holders of status proofs (certlog omission make)"
            ),
            err=True,
        )


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(Sentence("cannot write {path}: {reason}", path=path, reason=error)) from error
    replace_file(path, data)

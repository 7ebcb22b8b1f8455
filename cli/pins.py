"""What a verification rests on, read from the files that a person names: the trust root, and anchors seen before."""

from pathlib import Path
from typing import Final

import click

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from cli.files import read_file
from verifier.chain_view import AnchorReading
from verifier.seen_heads import parse_seen

trust_root_option: Final = click.option(
    "--trust-root",
    "trust_root_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    envvar="CERTLOG_TRUST_ROOT",
    show_envvar=True,
    help="What the verification pins; see `certlog trust-root`.",
)


def read_seen(path: Path | None) -> tuple[AnchorReading, ...]:
    """Read the anchors that this device has seen; none where there is no such file yet."""
    return parse_seen(read_file(path)) if path is not None and path.exists() else ()


def read_trust_root(path: Path) -> TrustRoot:
    """Read a trust root file.

    Raises:
        InvalidInput: no such file, or not a trust root.
    """
    try:
        return TrustRoot.parse(read_file(path))
    except InvalidInput as error:
        if error.code == "no-file":  # which names the path itself
            message = Sentence("{error}; get one with: certlog trust-root export", error=error)
        else:
            message = Sentence(
                "{path}: {error}; get one with: certlog trust-root export", path=path, error=error
            )
        raise InvalidInput(message, code=error.code) from error

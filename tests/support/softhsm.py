"""A PKCS#11 token in software, in a folder of the tests' own: SoftHSM, as Debian packages it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.requires import require

PIN: Final = "mat-khau-cua-the"
LABEL: Final = "certlog-tests"
_PLACES: Final = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
_CONFIGURATION: Final = "SOFTHSM2_CONF"


@pytest.fixture(scope="session")
def token_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make an empty token and return SoftHSM's library; child processes find the same token by their environment."""
    found = next((Path(place) for place in _PLACES if Path(place).is_file()), None)
    util = shutil.which("softhsm2-util")
    require(found and util, "SoftHSM", "apt-get install softhsm2")
    assert found is not None
    assert util is not None
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    before = os.environ.get(_CONFIGURATION)
    os.environ[_CONFIGURATION] = str(folder / "softhsm2.conf")
    told = ["--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN]
    subprocess.run([util, *told], check=True, capture_output=True)
    yield found
    if before is None:
        del os.environ[_CONFIGURATION]
    else:
        os.environ[_CONFIGURATION] = before

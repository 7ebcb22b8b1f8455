"""What a test needs from the machine: present, or the test is skipped with the line that installs it.

CERTLOG_REQUIRE=all, which CI sets, turns each such skip into a failure, so that nothing is quietly left out there.
"""

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

CHROMIUM_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def require(condition: object, name: str, install_line: str) -> None:
    """Go on when the condition is true; else skip, or fail where CERTLOG_REQUIRE=all."""
    if condition:
        return
    message = f"needs {name}, which this machine lacks; to install it: {install_line}"
    if os.environ.get("CERTLOG_REQUIRE") == "all":
        pytest.fail(f"{message} (CERTLOG_REQUIRE=all)", pytrace=False)
    pytest.skip(message)


def chromium() -> str:
    """Return the path of a Chromium that is installed on the machine."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), "")
    require(found, "Chromium", "apt-get install chromium")
    return found


def promtool() -> str:
    """Return the path of Prometheus' checker of rules and metrics."""
    found = shutil.which("promtool") or ""
    # The package starts a server where there is systemd; its checker needs nothing of it.
    install = (
        "apt-get download prometheus && dpkg --fsys-tarfile prometheus_*.deb"
        " | tar x -C /usr/local --strip-components 2 ./usr/bin/promtool"
    )
    require(found, "promtool", install)
    return found


def postgresql() -> Path:
    """Return the folder of an installed PostgreSQL's programs, the newest where there are several."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True
    )
    named = shutil.which("postgres")
    candidates = [*([] if named is None else [Path(named).resolve().parent]), *installed]
    found = [path for path in candidates if (path / "postgres").is_file() and (path / "initdb").is_file()]
    require(found, "PostgreSQL's server", "apt-get install postgresql")
    return found[0]

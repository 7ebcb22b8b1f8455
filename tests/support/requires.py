"""What a test needs from the machine: present, or the test is skipped with the line that installs it.

CERTLOG_REQUIRE=all, which CI sets, turns each such skip into a failure, so that nothing is quietly left out there.
"""

import os
import shutil
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

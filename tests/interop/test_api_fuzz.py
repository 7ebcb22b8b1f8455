"""The running HTTP API, asked by schemathesis with thousands of requests made from its own OpenAPI document.

A campaign: schemathesis brings an environment of its own. It decides alone what to send and what an answer must be:
never a 5xx, only documented statuses, media types and schemas, nothing accepted that the document forbids.
"""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from certlog.encoding import b64url
from tests.support.certificates import SAMPLE_DID
from tests.support.deep import cases
from tests.support.peers import REQUIREMENTS, environment
from tests.web.real import id_of, make_real_registry
from tests.web.serving import gunicorn

pytestmark = [pytest.mark.deep, pytest.mark.timeout(3600)]

REQUESTS: Final = cases(10_000)
SEED: Final = 20_261_122
OPERATIONS: Final = 13
"""Fewer than there are: some have so few possible requests that they end early."""


@dataclass(frozen=True)
class Api:
    """A served registry with one certificate, one anchor, and a token."""

    base: str
    token: str
    known: dict[str, str]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Serve a registry as `certlog registry serve` does."""
    folder = tmp_path_factory.mktemp("fuzz") / "data"
    real = make_real_registry(folder, clock=int(time.time()))
    document = real.issue()
    real.anchor()
    real.poll()
    known = {"id": id_of(document), "hash": b64url(document.document_hash), "did": SAMPLE_DID}
    token = real.world.registry.tokens.create(SAMPLE_DID, 1).text
    with socket.create_server(("127.0.0.1", 0)) as listener:
        try:
            with gunicorn(folder, listener):
                yield Api(f"http://127.0.0.1:{listener.getsockname()[1]}", token, known)
        finally:
            real.close()


def schemathesis(
    api: Api, folder: Path, examples: int, parameters: Mapping[str, str] | None = None
) -> tuple[str, int]:
    """Run it over every operation; return its complaints, and how many requests it made.

    Args:
        api: what to ask.
        folder: an empty folder.
        examples: at most so many made-up requests an operation.
        parameters: values of path and query parameters that are not to be made up.
    """
    config = folder / "schemathesis.toml"
    fixed = "".join(f"{name} = {json.dumps(value)}\n" for name, value in (parameters or {}).items())
    # A fixed value takes the place of the forbidden one that it made up, and is rightly accepted.
    common = (REQUIREMENTS / config.name).read_text()
    if fixed:
        common = common.replace(
            "[checks.negative_data_rejection]", "[checks.negative_data_rejection]\nenabled = false"
        )
    config.write_text(f"[parameters]\n{fixed}\n{common}")
    python = environment("schemathesis") / "bin" / "python"
    command: list[str | Path] = [python, "-m", "schemathesis.cli", "--config-file", config, "run"]
    command += [f"{api.base}/openapi.json", "--header", f"Authorization: Bearer {api.token}", "--no-color"]
    command += ["--max-examples", str(examples), "--seed", str(SEED), "--continue-on-failure"]
    hooks = {"PYTHONPATH": str(REQUIREMENTS), "SCHEMATHESIS_HOOKS": "schemathesis_hooks"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, timeout=3000, env=os.environ | hooks
    )
    said = done.stdout + done.stderr
    made = re.search(r"(\d+) generated", said)
    assert made is not None, said
    return said if done.returncode else "", int(made[1])


def test_no_request_makes_the_api_fail_or_leave_its_document(api: Api, tmp_path: Path) -> None:
    complaints, made = schemathesis(api, tmp_path, examples=REQUESTS // OPERATIONS + 1)
    assert not complaints, complaints
    assert made >= REQUESTS


def test_what_is_there_is_answered_as_the_document_says(api: Api, tmp_path: Path) -> None:
    known = {"identifier": api.known["id"], "document_hash": api.known["hash"], "did": api.known["did"]}
    numbers = {"index": "3", "number": "0", "from": "1", "to": "4"}
    complaints, made = schemathesis(api, tmp_path, examples=cases(100), parameters=known | numbers)
    assert not complaints, complaints
    assert made >= cases(500)

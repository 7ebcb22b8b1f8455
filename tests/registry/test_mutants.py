"""Controls of the registry's tests: with one defence switched off, the test that docs/threats.md names must fail."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from registry import admission, heads, keys, submission, tokens
from tests.registry import test_keys, test_publisher, test_sealed, test_submission, test_tokens
from tests.support.certificates import SAMPLE_ORIGIN
from tests.support.controls import Control, nothing, require_failure
from tests.support.registry import RegistryWorld

FLIPPED: Final = "UPDATE entries SET data = x'7B7D' WHERE leaf_index = 8"


def _new_folder(world: RegistryWorld) -> Path:
    folder = world.folder.path / "other-keys"
    folder.mkdir()
    return folder


def _other_sealed_content(world: RegistryWorld) -> None:
    slot = world.slot()
    document = world.certificate(slot=slot)
    test_sealed.test_other_sealed_content_for_the_same_certificate_is_refused(
        world, document, slot, together=False
    )


CONTROLS: Final[Mapping[str, Callable[[RegistryWorld], Control]]] = {
    "any token": lambda world: Control(
        tokens,
        "hmac",
        SimpleNamespace(compare_digest=lambda *_: True),
        lambda: test_tokens.test_a_changed_token_is_refused(world, "last"),
    ),
    "a token for any body": lambda _: Control(
        submission,
        "_require_submitter",
        nothing,
        test_submission.test_a_token_submits_only_what_its_own_did_signed,
    ),
    "a signature for any log, slot and kind": lambda _: Control(
        submission,
        "require_binding",
        nothing,
        lambda: test_submission.test_a_signature_counts_only_for_its_own_kind_slot_and_log(
            "status", "certificate", SAMPLE_ORIGIN
        ),
    ),
    "a customer's content in clear": lambda world: Control(
        submission,
        "_require_public_kind",
        nothing,
        lambda: test_sealed.test_the_content_of_a_calibration_is_refused_in_clear_with_a_remedy(world),
    ),
    "sealed content may change": lambda world: Control(
        admission, "same", lambda *_: True, lambda: _other_sealed_content(world)
    ),
    "a key file for all to read": lambda world: Control(
        keys,
        "_OTHERS",
        0,
        lambda: test_keys.test_a_key_that_others_can_read_is_refused(_new_folder(world)),
    ),
    "stored hashes are believed": lambda world: Control(
        heads,
        "same",
        lambda *_: True,
        lambda: test_publisher.test_damage_to_what_was_not_signed_yet_is_found_before_signing(
            world, FLIPPED, "entry 8: missing, or its bytes"
        ),
    ),
}


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_registry_is_noticed(
    enrolled: RegistryWorld, control: Callable[[RegistryWorld], Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_failure(control(enrolled), monkeypatch)

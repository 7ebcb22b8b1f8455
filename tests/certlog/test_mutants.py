"""Controls of the core's tests: with one defence switched off, the test that docs/threats.md names must fail."""

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final

import pytest

from certlog import cryptosuites, entry, issuer_record, keys, sealed, strict_json, tile_reader, tree
from certlog.keys import KeyType
from certlog.strict_json import JSONObject, parse_object
from certlog.tree import NodeReader, node_hash
from certlog.trust_view import TrustView
from tests.certlog import (
    test_cryptosuites,
    test_documents,
    test_entry,
    test_issuer_record,
    test_keys,
    test_sealed,
    test_strict_json,
    test_tile_reader,
    test_tree,
    test_trust_authority,
    test_trust_state,
)
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import Control, nothing, require_noticed


def _any_spelling(data: bytes, *, max_bytes: int) -> JSONObject:
    return parse_object(data, max_bytes=max_bytes)


def _doubling(start: int, end: int, read: NodeReader) -> bytes:
    """Compute a root as CVE-2012-2459 did: the last node of an odd level counts twice."""
    level = [read(0, index) for index in range(start, end)]
    while len(level) > 1:
        level += level[-1:] if len(level) % 2 else []
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


CONTROLS: Final[Mapping[str, Control]] = {
    "sealed for any certificate": Control(
        sealed,
        "_bound",
        lambda _: b"",
        test_sealed.test_content_of_another_certificate_does_not_open_for_this_one,
    ),
    "whatever was sealed": Control(
        sealed,
        "same",
        lambda *_: True,
        test_sealed.test_what_an_issuer_sealed_for_a_hash_that_is_not_its_own_is_refused,
    ),
    "the last of two equal names counts": Control(
        strict_json,
        "_unique_names",
        dict,
        lambda: test_strict_json.test_a_name_that_appears_twice_is_refused_at_any_depth(3, "object"),
    ),
    "any spelling of an entry": Control(
        entry,
        "parse_canonical",
        _any_spelling,
        lambda: test_entry.test_bytes_that_are_not_canonical_are_refused(next(iter(test_entry.KINDS)), " {}"),
    ),
    "numbers with a fraction": Control(
        strict_json,
        "_refuse_float",
        float,
        lambda: test_strict_json.test_a_number_with_fraction_or_exponent_is_refused("20.00"),
    ),
    "integers of any size": Control(
        strict_json,
        "_bounded_integer",
        int,
        lambda: test_strict_json.test_an_integer_beyond_two_to_the_53_is_refused(2**53),
    ),
    "hidden characters": Control(
        strict_json,
        "_FORBIDDEN",
        re.compile("(?!)"),
        test_strict_json.test_a_forbidden_character_is_named_with_its_place_and_position,
    ),
    "decomposed text": Control(
        strict_json,
        "unicodedata",
        SimpleNamespace(is_normalized=lambda *_: True),
        test_strict_json.test_text_that_is_not_nfc_is_refused_and_never_normalised,
    ),
    "tiles believed": Control(
        tile_reader,
        "same",
        lambda *_: True,
        test_tile_reader.test_no_changed_bit_of_any_tile_comes_out,
    ),
    "entries believed": Control(
        tile_reader,
        "same",
        lambda *_: True,
        test_tile_reader.test_entries_are_those_of_their_hashes_or_named,
    ),
    "the last leaf doubled": Control(
        tree, "_range_hash", _doubling, test_tree.test_a_repeated_last_leaf_gives_another_root
    ),
    "any s in ECDSA": Control(
        keys,
        "P256_ORDER",
        2**300,
        test_keys.test_an_ecdsa_signature_with_s_in_the_upper_half_is_refused,
    ),
    "any suite with any key": Control(
        cryptosuites,
        "_require_suite",
        nothing,
        lambda: test_cryptosuites.test_of_all_suites_and_keys_only_the_registered_pairs_pass(
            "ecdsa-jcs-2019", KeyType.ED25519
        ),
    ),
    "one key for two bodies": Control(
        TrustView,
        "_holder",
        nothing,
        lambda: test_trust_state.test_a_key_is_registered_once_in_the_whole_registry(SAMPLE_DID),
    ),
    "a proof for any log, slot and kind": Control(
        test_documents,
        "require_binding",
        nothing,
        test_documents.test_a_proof_made_for_one_log_slot_and_kind_is_worth_nothing_in_another,
    ),
    "a key for ever": Control(
        test_issuer_record,
        "key_in_force",
        lambda record, *_: issuer_record.KeyRecord(record.keys[0].key, 0),
        lambda: (
            test_issuer_record.test_a_key_signs_only_after_it_was_added_and_before_it_was_retired_or_compromised(
                20, "compromised-key"
            )
        ),
    ),
    "anyone states what he likes": Control(
        TrustView,
        "_authorise",
        nothing,
        test_trust_authority.test_a_body_states_nothing_about_itself_without_a_delegation,
    ),
}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_core_is_noticed(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    require_noticed(control, monkeypatch)

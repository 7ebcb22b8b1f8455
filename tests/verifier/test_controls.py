"""Controls of tests about what is read and asked; those of the checks themselves are in test_mutants.py."""

from collections.abc import Mapping
from typing import Final

import pytest

from certlog.certificate_id import parse_id
from tests.support.controls import Control, nothing, require_noticed
from tests.verifier import test_edges, test_inputs
from verifier import check_status, check_trust
from verifier.registry_client import RegistryAddress


def _any_page(_: RegistryAddress, url: str) -> str:
    return parse_id(url.rpartition("/")[2])


CONTROLS: Final[Mapping[str, Control]] = {
    "the page of any host": Control(
        RegistryAddress,
        "id_in_page",
        _any_page,
        lambda: test_inputs.test_the_page_of_another_host_is_refused_and_never_contacted(
            f"https://registry.example.com/c/{test_inputs.ID}"
        ),
    ),
    "events are not verified": Control(
        check_status,
        "verify_proof",
        nothing,
        test_edges.test_a_logged_event_that_the_issuers_key_did_not_sign_is_refused,
    ),
    "keys of events are not looked up": Control(
        check_status,
        "key_in_force",
        nothing,
        test_edges.test_a_key_that_only_the_record_names_binds_no_file,
    ),
    "any scope covers any claim": Control(
        check_trust,
        "covers",
        lambda *_: True,
        test_edges.test_a_scope_that_lacks_a_claimed_standard_is_not_granted,
    ),
}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_verifier_is_noticed(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    require_noticed(control, monkeypatch)

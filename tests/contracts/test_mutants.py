"""Controls: the contract with one line broken, compiled and deployed, must make the test of that line fail."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import solcx

from certlog import tree
from contracts import build
from tests.contracts import test_anchor, test_differential, test_logs, test_random_proofs, test_successor
from tests.contracts.conftest import Roles
from tests.contracts.hardhat import failed_tests, make_project, replaced
from tests.support.chain import LocalChain, head_of
from tests.support.deep import cases


class World(NamedTuple):
    """What tests take, with the broken contract in the place of the true one."""

    chain: LocalChain
    roles: Roles
    log_id: bytes
    history: tree.MemoryTree

    def robbed(self) -> bytes:
        """Return the log of test_successor whose anchorer's key was stolen."""
        junk = test_successor.junk_after(self.history)
        self.chain.extend(self.log_id, self.roles.anchorer, self.history, 5, test_successor.HONEST)
        self.chain.extend(self.log_id, self.roles.anchorer, junk, 15, 21)
        return self.log_id

    def anchored_too_early(self) -> None:
        """Run the test that a successor begins only at an anchored head."""
        size = 11
        test_successor.test_a_successor_begins_only_at_an_anchored_head(
            self.chain, self.roles, self.robbed(), self.history, size
        )

    def junk_left_behind(self) -> None:
        """Run the test that junk is left behind."""
        junk = test_successor.junk_after(self.history)
        test_successor.test_junk_is_left_behind(self.chain, self.roles, self.robbed(), self.history, junk)


class Mutant(NamedTuple):
    """One broken line, and the test that must notice."""

    line: str
    broken: str
    test: Callable[[World], object]


MUTANTS: Final[Mapping[str, Mutant]] = {
    "no consistency proof": Mutant(
        "            _requireConsistent(oldSize, oldRoot, newSize, newRoot, consistencyProof);",
        "",
        lambda w: test_anchor.test_a_second_history_cannot_be_anchored(*w),
    ),
    "old root not compared with the head": Mutant(
        "if (_anchors[_anchorId(logId, oldSize, oldRoot)].blockTime == 0) {",
        "if (oldSize == 0) {",
        lambda w: test_anchor.test_a_second_history_cannot_be_anchored(*w),
    ),
    "old root not proven": Mutant(
        "if (fr != oldRoot) revert OldRootNotProven(oldRoot, fr);",
        "",
        lambda w: test_anchor.test_a_second_history_cannot_be_anchored(*w),
    ),
    "new root not proven": Mutant(
        "if (sr != newRoot) revert NewRootNotProven(newRoot, sr);",
        "",
        lambda w: test_anchor.test_a_second_history_cannot_be_anchored(*w),
    ),
    "proof length not compared": Mutant(
        "if (used != proof.length) revert ConsistencyProofLengthWrong(used, proof.length);",
        "",
        lambda w: test_anchor.test_a_proof_of_another_length_is_refused(*w, 13),
    ),
    "anyone appends": Mutant(
        "if (msg.sender != current.anchorer) revert NotAnchorer(logId, msg.sender, current.anchorer);",
        "",
        lambda w: test_anchor.test_only_the_anchorer_appends(*w, "stranger"),
    ),
    "head size not compared": Mutant(
        "if (oldSize != current.size) revert HeadSizeMismatch(logId, current.size, oldSize);",
        "",
        lambda w: test_anchor.test_the_same_call_cannot_be_applied_twice(*w),
    ),
    "the log may stand still": Mutant(
        "if (newSize <= oldSize) revert",
        "if (newSize < oldSize) revert",
        lambda w: test_anchor.test_the_log_cannot_shrink_or_repeat(*w),
    ),
    "size limit off by one": Mutant(
        "if (newSize >= SIZE_LIMIT) revert",
        "if (newSize > SIZE_LIMIT) revert",
        lambda w: test_anchor.test_sizes_stay_below_2_to_the_63(*w[:3]),
    ),
    "any root of the empty tree": Mutant(
        "if (oldRoot != EMPTY_ROOT) revert HeadRootMismatch(logId, oldSize, oldRoot);",
        "",
        lambda w: test_anchor.test_the_first_anchor_builds_on_the_empty_tree(*w),
    ),
    "first anchor with a proof": Mutant(
        "if (consistencyProof.length != 0) {",
        "if (oldSize != 0) {",
        lambda w: test_anchor.test_the_first_anchor_takes_no_proof(*w),
    ),
    "a sealed log goes on": Mutant(
        "if (current.isSealed) revert LogIsSealed(logId);",
        "",
        lambda w: test_logs.test_sealing_ends_a_log_and_keeps_its_anchors(*w),
    ),
    "anyone rules": Mutant(
        "if (msg.sender != owner) revert NotOwner(logId, msg.sender, owner);",
        "",
        lambda w: test_logs.test_only_the_owner_may(*w[:3], "setAnchorer"),
    ),
    "anyone accepts": Mutant(
        "if (msg.sender != current.offeredTo) revert NotOffered(logId, msg.sender, current.offeredTo);",
        "",
        lambda w: test_logs.test_only_the_one_it_was_offered_to_accepts(*w[:3]),
    ),
    "a log is opened again": Mutant(
        "if (_ownerships[logId].owner != address(0)) revert LogAlreadyOpen(logId);",
        "",
        lambda w: test_logs.test_a_log_is_opened_once(*w[:3]),
    ),
    "a successor of anything": Mutant(
        "if (first.blockTime == 0) revert NeverAnchored(oldLogId, size, root);", "", World.anchored_too_early
    ),
    "a second successor": Mutant(
        "if (_successors[oldLogId] != 0) revert SuccessorAlreadyOpen(oldLogId, _successors[oldLogId]);",
        "",
        lambda w: test_successor.test_a_log_has_one_successor(w.chain, w.roles, w.robbed(), w.history),
    ),
    "the old log is not sealed": Mutant("            old.isSealed = true;", "", World.junk_left_behind),
    "the anchor is not carried over": Mutant(
        "        _anchors[_anchorId(logId, size, root)] = first;", "", World.junk_left_behind
    ),
    "the time of the block before": Mutant(
        "Anchor(uint64(block.timestamp), uint64(block.number));",
        "Anchor(uint64(block.timestamp - 1), uint64(block.number));",
        lambda w: test_anchor.test_an_anchored_head_keeps_time_and_number_of_its_block(*w),
    ),
    "nodes with the prefix of leaves": Mutant(
        "            mstore8(new, 1)",
        "",
        lambda w: test_differential.test_every_pair_of_sizes_up_to_forty(w.chain, w.roles, w.history),
    ),
    "no shift at the right edge": Mutant(
        "                if eq(fn, sn) {",
        "                if 0 {",
        lambda w: test_differential.test_every_pair_of_sizes_up_to_forty(w.chain, w.roles, w.history),
    ),
    "a leaf anywhere": Mutant(
        "if (r != root) revert RootNotProven(root, r);",
        "",
        lambda w: test_differential.test_no_leaf_is_found_elsewhere(w.chain, w.history),
    ),
    "an inclusion path of any length": Mutant(
        "if (used != path.length) revert InclusionProofLengthWrong(used, path.length);",
        "",
        lambda w: test_differential.test_an_inclusion_proof_of_another_length_names_the_right_one(
            w.chain, w.history, 32
        ),
    ),
    # What only large trees show.
    "old sizes cut to 32 bits": Mutant(
        "let fn := sub(oldSize, 1)",
        "let fn := and(sub(oldSize, 1), 0xffffffff)",
        lambda w: test_random_proofs.test_the_contract_and_python_answer_every_claim_alike(*w[:2], 60),
    ),
    "an index cut to 32 bits": Mutant(
        "uint256 fn = index;",
        "uint256 fn = uint32(index);",
        lambda w: test_random_proofs.test_the_contract_and_python_answer_every_claim_alike(*w[:2], 60),
    ),
}


@pytest.fixture(scope="module")
def bytecodes() -> Mapping[str, bytes]:
    """Compile the true contract and all broken ones in one run of the compiler."""
    folder = build.ROOT / "contracts"
    interface, true = ((folder / name).read_text("utf-8") for name in build.SOURCES)
    variants = {"": true} | {name: replaced(true, {m.line: m.broken}) for name, m in MUTANTS.items()}
    sources = {f"{name}/CheckpointAnchor.sol": {"content": source} for name, source in variants.items()}
    sources |= {f"{name}/ICheckpointAnchor.sol": {"content": interface} for name in variants}
    settings = {
        "evmVersion": "paris",
        "outputSelection": {"*": {"CheckpointAnchor": ["evm.bytecode.object"]}},
    }
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    with tempfile.TemporaryDirectory() as temporary:
        output = solcx.compile_standard(request, solc_binary=build.write_wrapper(Path(temporary)))
    return {
        name: bytes.fromhex(
            output["contracts"][f"{name}/CheckpointAnchor.sol"]["CheckpointAnchor"]["evm"]["bytecode"][
                "object"
            ]
        )
        for name in variants
    }


def world_of(chain: LocalChain, roles: Roles, history: tree.MemoryTree, bytecode: bytes) -> World:
    chain.deploy(bytecode)
    return World(chain, roles, chain.open_log(roles.owner, roles.anchorer), history)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_contract_is_noticed(
    chain: LocalChain, roles: Roles, history: tree.MemoryTree, bytecodes: Mapping[str, bytes], name: str
) -> None:
    MUTANTS[name].test(
        world_of(chain, roles, history, bytecodes[""])
    )  # the test passes with the true contract
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        MUTANTS[name].test(world_of(chain, roles, history, bytecodes[name]))


def test_solidity_tests_notice_a_broken_contract(tmp_path: Path) -> None:
    broken = (MUTANTS[name] for name in ("no consistency proof", "anyone appends", "anyone rules"))
    project = make_project(tmp_path / "broken", {mutant.line: mutant.broken for mutant in broken})
    for other in ("CheckpointAnchorModel.t.sol", "CheckpointAnchorRoles.t.sol"):
        (
            project.folder / "contracts" / "test" / other
        ).unlink()  # compiling them takes long: see the next test
    result = project.run("test", "solidity")
    assert result.returncode == 1
    assert failed_tests(result.stdout) >= {
        "invariant_oneHistory",
        "invariant_strangersDoNothing",
        "testFuzz_aChangedProofIsRefused",
        "testFuzz_aRewrittenHistoryIsRefused",
        "testFuzz_onlyTheAnchorerAppends",
        "testFuzz_onlyTheOwnerRules",
    }


SOLIDITY_MUTANTS: Final[Mapping[str, tuple[dict[str, str], set[str]]]] = {
    # A call that is wrongly accepted must be noticed by a test of its own, and in some sequence of calls.
    name: ({MUTANTS[name].line: MUTANTS[name].broken}, {test, "invariant_"})
    for name, test in {
        "anyone appends": "testFuzz_ownerAndAnchorerAreApart",
        "anyone rules": "testFuzz_ownerAndAnchorerAreApart",
        "anyone accepts": "testFuzz_aLogIsHandedOnInTwoSteps",
        "a sealed log goes on": "testFuzz_sealingIsOneWay",
        "a second successor": "testFuzz_aLogHasOneSuccessor",
        "the old log is not sealed": "testFuzz_aLogHasOneSuccessor",
        "the anchor is not carried over": "testFuzz_aSuccessorKeepsTheFirstTime",
        "a log is opened again": "testFuzz_anIdIsTakenOnce",
    }.items()
} | {
    "a call may bring ether": (
        {
            "    mapping(bytes32 logId => Head) private": (
                "    receive() external payable {}\n    mapping(bytes32 logId => Head) private"
            )
        },
        {"testFuzz_noFunctionTakesEther"},
    ),
    "a hash that never came": (
        {"if (answered != 32) revert Sha256Failed();": ""},
        {"test_withoutTheSha256PrecompileNothingIsProven"},
    ),
    "sealing again opens": (
        {
            "if (newest.isSealed) revert LogIsSealed(logId);\n        newest.isSealed = true;": (
                "newest.isSealed = !newest.isSealed;"
            )
        },
        {"invariant_", "testFuzz_sealingIsOneWay"},
    ),
}


@pytest.mark.deep
@pytest.mark.parametrize("name", SOLIDITY_MUTANTS)
def test_each_promise_has_a_solidity_test_that_notices(tmp_path: Path, name: str) -> None:
    replacements, wanted = SOLIDITY_MUTANTS[name]
    result = make_project(tmp_path / "broken", replacements).run("test", "solidity")
    assert result.returncode == 1
    found = failed_tests(result.stdout)
    assert not [test for test in wanted if not any(name.startswith(test) for name in found)], found


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_the_solidity_tests_pass_with_many_more_cases(tmp_path: Path) -> None:
    runs = cases(3_000)
    result = make_project(tmp_path / "project").run("test", "solidity", runs=runs)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"(runs: {runs})" in result.stdout


def test_the_forks_root_is_not_the_honest_one(history: tree.MemoryTree) -> None:
    """The controls above rest on two histories that differ where they are compared."""
    junk = test_successor.junk_after(history)
    assert head_of(junk, test_successor.HONEST) == head_of(history, test_successor.HONEST)
    assert head_of(junk, 21) != head_of(history, 21)

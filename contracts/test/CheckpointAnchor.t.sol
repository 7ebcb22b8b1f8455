// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CheckpointAnchor} from "../CheckpointAnchor.sol";
import {ICheckpointAnchor} from "../ICheckpointAnchor.sol";
import {Rfc9162} from "./Rfc9162.sol";
import {VM} from "./Vm.sol";

/// @dev Unit and fuzz tests against the recursive definitions of RFC 9162. tests/contracts has more, on a real node.
/// Hashes are computed before a cheat code that concerns "the next call": the SHA-256 precompile is a call too.
contract CheckpointAnchorTest {
    bytes32 private constant ORIGIN = keccak256("an origin");
    bytes32 private constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
    uint256 private constant MOST = 24;

    address private immutable OWNER = address(0xA11CE);
    address private immutable ANCHORER = address(0xB0B);
    CheckpointAnchor private anchors;
    bytes32 private logId;

    function setUp() public {
        VM.warp(1_800_000_000);
        VM.roll(4_000);
        anchors = new CheckpointAnchor();
        VM.prank(OWNER);
        logId = anchors.openLog(ORIGIN, ANCHORER);
    }

    function test_theIdIsOfOwnerAndOrigin() public view {
        require(logId == keccak256(abi.encode(OWNER, ORIGIN)), "id");
    }

    function test_anchorTellsOfIt() public {
        VM.expectEmit(true, true, true, true, address(anchors));
        emit ICheckpointAnchor.CheckpointAnchored(logId, 3, bytes32(uint256(7)));
        VM.prank(ANCHORER);
        anchors.anchor(logId, 0, EMPTY_ROOT, 3, bytes32(uint256(7)), new bytes32[](0));
    }

    function test_anUnsuccessfulCallLeavesNoTrace() public {
        anchorFirst(leaves(1, 5), 5);
        bytes32 root = Rfc9162.root(leaves(1, 5), 0, 5);
        VM.expectRevert(abi.encodeWithSelector(ICheckpointAnchor.SizeNotLarger.selector, uint64(5), uint64(5)));
        VM.prank(ANCHORER);
        anchors.anchor(logId, 5, root, 5, bytes32(0), new bytes32[](0));
        requireHead(5, ANCHORER, false);
    }

    function testFuzz_aGenuineExtensionIsAnchored(uint256 seed, uint256 a, uint256 b, uint32 wait) public {
        (uint64 oldSize, uint64 newSize) = twoSizes(a, b);
        bytes32[] memory all = leaves(seed, newSize);
        anchorFirst(all, oldSize);
        VM.warp(1_800_000_000 + uint256(wait));
        VM.roll(5_000 + uint256(wait));
        extend(all, oldSize, newSize, Rfc9162.proof(all, oldSize, newSize));

        requireHead(newSize, ANCHORER, false);
        requireAnchored(oldSize, Rfc9162.root(all, 0, oldSize), 1_800_000_000, 4_000);
        requireAnchored(newSize, Rfc9162.root(all, 0, newSize), 1_800_000_000 + uint64(wait), 5_000 + uint64(wait));
    }

    function testFuzz_aRewrittenHistoryIsRefused(uint256 seed, uint256 a, uint256 b, uint256 where) public {
        (uint64 oldSize, uint64 newSize) = twoSizes(a, b);
        bytes32[] memory all = leaves(seed, newSize);
        anchorFirst(all, oldSize);
        bytes32 oldRoot = Rfc9162.root(all, 0, oldSize);
        all[where % oldSize] = keccak256("rewritten");
        bytes32 newRoot = Rfc9162.root(all, 0, newSize);
        bytes32[] memory proof = Rfc9162.proof(all, oldSize, newSize);

        // 1. It claims the root that was anchored: the proof leads to another, unless that root itself is the proof's
        //    first value (a power of two), when the new root comes out different.
        VM.prank(ANCHORER);
        (bool accepted,) = address(anchors).call(
            abi.encodeCall(anchors.anchor, (logId, oldSize, oldRoot, newSize, newRoot, proof))
        );
        require(!accepted, "a rewritten history with the anchored root was accepted");

        // 2. It claims its own old root: that was never anchored.
        bytes32 ownRoot = Rfc9162.root(all, 0, oldSize);
        VM.expectRevert(abi.encodeWithSelector(ICheckpointAnchor.HeadRootMismatch.selector, logId, oldSize, ownRoot));
        VM.prank(ANCHORER);
        anchors.anchor(logId, oldSize, ownRoot, newSize, newRoot, proof);
        requireHead(oldSize, ANCHORER, false);
    }

    function testFuzz_aChangedProofIsRefused(uint256 seed, uint256 a, uint256 b, uint256 where, uint256 flip) public {
        (uint64 oldSize, uint64 newSize) = twoSizes(a, b);
        bytes32[] memory all = leaves(seed, newSize);
        anchorFirst(all, oldSize);
        bytes32[] memory proof = Rfc9162.proof(all, oldSize, newSize);
        VM.assume(flip != 0);
        proof[where % proof.length] ^= bytes32(flip);
        require(!tryExtend(all, oldSize, newSize, proof), "a changed proof was accepted");
    }

    function testFuzz_aProofOfAnotherLengthIsRefused(uint256 seed, uint256 a, uint256 b, uint8 length) public {
        (uint64 oldSize, uint64 newSize) = twoSizes(a, b);
        bytes32[] memory all = leaves(seed, newSize);
        anchorFirst(all, oldSize);
        bytes32[] memory genuine = Rfc9162.proof(all, oldSize, newSize);
        bytes32[] memory proof = new bytes32[](length % 70);
        VM.assume(proof.length != genuine.length);
        for (uint256 i = 0; i < proof.length; ++i) proof[i] = i < genuine.length ? genuine[i] : bytes32(seed);

        bytes32 oldRoot = Rfc9162.root(all, 0, oldSize);
        bytes32 newRoot = Rfc9162.root(all, 0, newSize);
        VM.expectRevert(
            abi.encodeWithSelector(
                ICheckpointAnchor.ConsistencyProofLengthWrong.selector, genuine.length, proof.length
            )
        );
        VM.prank(ANCHORER);
        anchors.anchor(logId, oldSize, oldRoot, newSize, newRoot, proof);
    }

    function testFuzz_onlyTheAnchorerAppends(address caller) public {
        VM.assume(caller != ANCHORER);
        VM.expectRevert(
            abi.encodeWithSelector(ICheckpointAnchor.NotAnchorer.selector, logId, caller, ANCHORER)
        );
        VM.prank(caller);
        anchors.anchor(logId, 0, EMPTY_ROOT, 1, bytes32(0), new bytes32[](0));
    }

    function testFuzz_onlyTheOwnerRules(address caller) public {
        VM.assume(caller != OWNER);
        bytes memory refusal = abi.encodeWithSelector(ICheckpointAnchor.NotOwner.selector, logId, caller, OWNER);
        VM.expectRevert(refusal);
        VM.prank(caller);
        anchors.setAnchorer(logId, caller);
        VM.expectRevert(refusal);
        VM.prank(caller);
        anchors.offerLog(logId, caller);
        VM.expectRevert(refusal);
        VM.prank(caller);
        anchors.seal(logId);
        VM.expectRevert(refusal);
        VM.prank(caller);
        anchors.openSuccessor(logId, 1, bytes32(0), caller);
    }

    function testFuzz_aLeafIsProvenAtItsPlaceOnly(uint256 seed, uint256 a, uint256 b, uint256 c) public view {
        uint64 size = uint64(1 + a % MOST);
        uint64 index = uint64(b % size);
        bytes32[] memory all = leaves(seed, size);
        bytes32 root = Rfc9162.root(all, 0, size);
        bytes32[] memory path = Rfc9162.path(all, index, 0, size);
        anchors.verifyInclusion(all[index], index, size, root, path);

        uint64 other = uint64(c % size);
        if (other == index) return;
        require(!proves(all[index], other, size, root, path), "another index");
        require(!proves(all[other], index, size, root, path), "another leaf");
        require(!proves(all[index], index, size, keccak256("root"), path), "another root");
        path[c % path.length] ^= bytes32(uint256(1) << (c % 256));
        require(!proves(all[index], index, size, root, path), "a changed path");
    }

    function testFuzz_aSuccessorKeepsTheFirstTime(uint256 seed, uint256 a, uint256 b, uint32 wait) public {
        (uint64 oldSize, uint64 newSize) = twoSizes(a, b);
        bytes32[] memory all = leaves(seed, newSize);
        anchorFirst(all, oldSize);
        bytes32 oldRoot = Rfc9162.root(all, 0, oldSize);
        bytes32[] memory proof = Rfc9162.proof(all, oldSize, newSize);
        VM.warp(1_800_000_001 + uint256(wait));
        extend(all, oldSize, newSize, proof);

        VM.prank(OWNER);
        bytes32 successor = anchors.openSuccessor(logId, oldSize, oldRoot, ANCHORER);
        requireHead(newSize, ANCHORER, true);
        logId = successor;
        requireHead(oldSize, ANCHORER, false);
        requireAnchored(oldSize, oldRoot, 1_800_000_000, 4_000);
        requireAnchored(newSize, Rfc9162.root(all, 0, newSize), 0, 0);
        extend(all, oldSize, newSize, proof);
        requireHead(newSize, ANCHORER, false);
    }

    function anchorFirst(bytes32[] memory all, uint64 size) private {
        bytes32 root = Rfc9162.root(all, 0, size);
        VM.prank(ANCHORER);
        anchors.anchor(logId, 0, EMPTY_ROOT, size, root, new bytes32[](0));
    }

    function extend(bytes32[] memory all, uint64 oldSize, uint64 newSize, bytes32[] memory proof) private {
        bytes32 oldRoot = Rfc9162.root(all, 0, oldSize);
        bytes32 newRoot = Rfc9162.root(all, 0, newSize);
        VM.prank(ANCHORER);
        anchors.anchor(logId, oldSize, oldRoot, newSize, newRoot, proof);
    }

    function tryExtend(bytes32[] memory all, uint64 oldSize, uint64 newSize, bytes32[] memory proof)
        private
        returns (bool accepted)
    {
        bytes32 oldRoot = Rfc9162.root(all, 0, oldSize);
        bytes32 newRoot = Rfc9162.root(all, 0, newSize);
        VM.prank(ANCHORER);
        (accepted,) = address(anchors).call(
            abi.encodeCall(anchors.anchor, (logId, oldSize, oldRoot, newSize, newRoot, proof))
        );
    }

    function proves(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] memory path)
        private
        view
        returns (bool)
    {
        try anchors.verifyInclusion(leaf, index, size, root, path) {
            return true;
        } catch {
            return false;
        }
    }

    function requireHead(uint64 size, address anchorer, bool isSealed) private view {
        (uint64 foundSize, address foundAnchorer, bool foundSealed) = anchors.head(logId);
        require(foundSize == size && foundAnchorer == anchorer && foundSealed == isSealed, "head");
    }

    function requireAnchored(uint64 size, bytes32 root, uint64 time, uint64 number) private view {
        (uint64 foundTime, uint64 foundNumber) = anchors.anchoredAt(logId, size, root);
        require(foundTime == time && foundNumber == number, "anchoredAt");
    }

    /// @dev Two sizes, 0 < old < new <= MOST.
    function twoSizes(uint256 a, uint256 b) private pure returns (uint64 oldSize, uint64 newSize) {
        newSize = uint64(2 + a % (MOST - 1));
        oldSize = uint64(1 + b % (newSize - 1));
    }

    function leaves(uint256 seed, uint256 count) private pure returns (bytes32[] memory all) {
        all = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) all[i] = sha256(abi.encodePacked(bytes1(0x00), seed, i));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CheckpointAnchor} from "../CheckpointAnchor.sol";
import {ICheckpointAnchor} from "../ICheckpointAnchor.sol";
import {Rfc9162} from "./Rfc9162.sol";
import {VM} from "./Vm.sol";

/// @dev Who may do what, in which state of a log, and with which named refusal; fuzz tests. CheckpointAnchor.t.sol has
/// the proofs, CheckpointAnchorModel.t.sol any sequence of calls.
contract CheckpointAnchorRolesTest {
    bytes32 private constant ORIGIN = keccak256("an origin");
    bytes32 private constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
    bytes32 private constant FIRST_ROOT = keccak256("any root: nothing is proven before the first anchor");

    uint256 private constant FUNCTIONS = 12;

    address private immutable OWNER = address(0xA11CE);
    address private immutable ANCHORER = address(0xB0B);
    CheckpointAnchor private anchors;
    bytes32 private logId;

    function setUp() public {
        VM.warp(1_800_000_000);
        anchors = new CheckpointAnchor();
        logId = abi.decode(accepted(OWNER, abi.encodeCall(anchors.openLog, (ORIGIN, ANCHORER))), (bytes32));
    }

    function testFuzz_anIdIsTakenOnce(address owner, bytes32 origin, bool isSealed) public {
        VM.assume(owner != address(0) && owner != OWNER);
        bytes memory open = abi.encodeCall(anchors.openLog, (origin, ANCHORER));
        bytes32 id = abi.decode(accepted(owner, open), (bytes32));
        require(id == keccak256(abi.encode(owner, origin)), "id");
        if (isSealed) accepted(owner, abi.encodeCall(anchors.seal, (id)));
        refused(owner, open, abi.encodeWithSelector(ICheckpointAnchor.LogAlreadyOpen.selector, id));
    }

    function testFuzz_nothingIsDoneWithALogThatIsNotOpen(bytes32 id, address caller) public {
        VM.assume(id != logId);
        bytes memory refusal = abi.encodeWithSelector(ICheckpointAnchor.LogNotOpen.selector, id);
        bytes32[] memory none = new bytes32[](0);
        refused(caller, abi.encodeCall(anchors.anchor, (id, 0, EMPTY_ROOT, 1, FIRST_ROOT, none)), refusal);
        refused(caller, abi.encodeCall(anchors.setAnchorer, (id, caller)), refusal);
        refused(caller, abi.encodeCall(anchors.offerLog, (id, caller)), refusal);
        refused(caller, abi.encodeCall(anchors.acceptLog, (id)), refusal);
        refused(caller, abi.encodeCall(anchors.seal, (id)), refusal);
        refused(caller, abi.encodeCall(anchors.openSuccessor, (id, 1, FIRST_ROOT, caller)), refusal);
        (uint64 size, address anchorer, bool isSealed) = anchors.head(id);
        (address owner, address offeredTo) = anchors.ownership(id);
        require(size == 0 && anchorer == address(0) && !isSealed, "a head of nothing");
        require(owner == address(0) && offeredTo == address(0) && anchors.successorOf(id) == 0, "an owner of nothing");
    }

    function testFuzz_theZeroAddressIsNoAnchorer(bytes32 origin, uint64 size) public {
        size = first(size);
        bytes4 selector = ICheckpointAnchor.AnchorerIsZero.selector;
        bytes32 other = keccak256(abi.encode(address(this), origin));
        bytes32 successor = keccak256(abi.encode(logId, size, FIRST_ROOT));
        refused(
            address(this),
            abi.encodeCall(anchors.openLog, (origin, address(0))),
            abi.encodeWithSelector(selector, other)
        );
        refused(
            OWNER,
            abi.encodeCall(anchors.setAnchorer, (logId, address(0))),
            abi.encodeWithSelector(selector, logId)
        );
        refused(
            OWNER,
            abi.encodeCall(anchors.openSuccessor, (logId, size, FIRST_ROOT, address(0))),
            abi.encodeWithSelector(selector, successor)
        );
        requireHead(logId, size, ANCHORER, false);
    }

    function testFuzz_theFirstHeadBuildsOnTheEmptyTree(uint64 oldSize, uint64 size, bytes32 oldRoot, uint8 length)
        public
    {
        VM.assume(oldSize != 0 && oldRoot != EMPTY_ROOT);
        size = uint64(1 + size % (2 ** 63 - 1));
        bytes32[] memory none = new bytes32[](0);
        bytes32[] memory some = new bytes32[](1 + uint256(length));
        refused(
            ANCHORER,
            abi.encodeCall(anchors.anchor, (logId, oldSize, EMPTY_ROOT, size, FIRST_ROOT, none)),
            abi.encodeWithSelector(ICheckpointAnchor.HeadSizeMismatch.selector, logId, uint64(0), oldSize)
        );
        refused(
            ANCHORER,
            abi.encodeCall(anchors.anchor, (logId, 0, oldRoot, size, FIRST_ROOT, none)),
            abi.encodeWithSelector(ICheckpointAnchor.HeadRootMismatch.selector, logId, uint64(0), oldRoot)
        );
        refused(
            ANCHORER,
            abi.encodeCall(anchors.anchor, (logId, 0, EMPTY_ROOT, size, FIRST_ROOT, some)),
            abi.encodeWithSelector(
                ICheckpointAnchor.ConsistencyProofLengthWrong.selector, uint256(0), some.length
            )
        );
        requireHead(logId, 0, ANCHORER, false);
    }

    function testFuzz_theLogGrowsAndStaysBelow2ToThe63(uint64 size, uint64 smaller, uint64 larger) public {
        size = first(size);
        smaller = smaller % (size + 1);
        larger = larger | 1 << 63;
        bytes32[] memory none = new bytes32[](0);
        refused(
            ANCHORER,
            abi.encodeCall(anchors.anchor, (logId, size, FIRST_ROOT, smaller, FIRST_ROOT, none)),
            abi.encodeWithSelector(ICheckpointAnchor.SizeNotLarger.selector, size, smaller)
        );
        bytes memory tooLarge = abi.encodeWithSelector(ICheckpointAnchor.SizeTooLarge.selector, larger);
        refused(
            ANCHORER, abi.encodeCall(anchors.anchor, (logId, size, FIRST_ROOT, larger, FIRST_ROOT, none)), tooLarge
        );
        refused(
            ANCHORER, abi.encodeCall(anchors.verifyInclusion, (FIRST_ROOT, 0, larger, FIRST_ROOT, none)), tooLarge
        );
        requireHead(logId, size, ANCHORER, false);
    }

    function testFuzz_aLeafIsInsideItsTreeAndItsPathHasOneLength(uint64 size, uint64 index, uint8 length) public {
        size = uint64(1 + size % (2 ** 63 - 1));
        bytes32[] memory path = new bytes32[](length);
        (bool done, bytes memory answer) =
            address(anchors).call(abi.encodeCall(anchors.verifyInclusion, (0, index, size, FIRST_ROOT, path)));
        require(!done, "a made-up path was accepted");
        if (index >= size) {
            requireSame(answer, abi.encodeWithSelector(ICheckpointAnchor.IndexNotInTree.selector, index, size));
            return;
        }
        uint256 wanted = depth(index, size);
        if (wanted == length) {
            require(bytes4(answer) == ICheckpointAnchor.RootNotProven.selector, "a made-up path");
        } else {
            requireSame(
                answer,
                abi.encodeWithSelector(ICheckpointAnchor.InclusionProofLengthWrong.selector, wanted, uint256(length))
            );
        }
    }

    function testFuzz_ownerAndAnchorerAreApart(address fresh, uint64 size) public {
        VM.assume(fresh != address(0) && fresh != ANCHORER && fresh != OWNER);
        size = uint64(1 + size % (2 ** 63 - 1));
        bytes memory append =
            abi.encodeCall(anchors.anchor, (logId, 0, EMPTY_ROOT, size, FIRST_ROOT, new bytes32[](0)));
        bytes4 notAnchorer = ICheckpointAnchor.NotAnchorer.selector;
        // 1. The owner does not append, and the anchorer does not rule.
        refused(OWNER, append, abi.encodeWithSelector(notAnchorer, logId, OWNER, ANCHORER));
        ownersCallsAreRefused(ANCHORER);
        // 2. With another anchorer the former one appends nothing; the owner does not either.
        accepted(OWNER, abi.encodeCall(anchors.setAnchorer, (logId, fresh)));
        refused(ANCHORER, append, abi.encodeWithSelector(notAnchorer, logId, ANCHORER, fresh));
        refused(OWNER, append, abi.encodeWithSelector(notAnchorer, logId, OWNER, fresh));
        ownersCallsAreRefused(fresh);
        accepted(fresh, append);
        requireHead(logId, size, fresh, false);
    }

    function testFuzz_aLogIsHandedOnInTwoSteps(address next, address stranger) public {
        VM.assume(next != OWNER && stranger != next && stranger != OWNER && next != address(0));
        accepted(OWNER, abi.encodeCall(anchors.offerLog, (logId, next)));
        requireOwnership(OWNER, next);
        refused(
            stranger,
            abi.encodeCall(anchors.acceptLog, (logId)),
            abi.encodeWithSelector(ICheckpointAnchor.NotOffered.selector, logId, stranger, next)
        );
        accepted(next, abi.encodeCall(anchors.acceptLog, (logId)));
        requireOwnership(next, address(0));
        // Once, and the former owner has no rights left.
        refused(
            next,
            abi.encodeCall(anchors.acceptLog, (logId)),
            abi.encodeWithSelector(ICheckpointAnchor.NotOffered.selector, logId, next, address(0))
        );
        refused(
            OWNER,
            abi.encodeCall(anchors.seal, (logId)),
            abi.encodeWithSelector(ICheckpointAnchor.NotOwner.selector, logId, OWNER, next)
        );
        accepted(next, abi.encodeCall(anchors.seal, (logId)));
    }

    function testFuzz_sealingIsOneWay(uint64 size, address next) public {
        VM.assume(next != address(0));
        size = first(size);
        accepted(OWNER, abi.encodeCall(anchors.seal, (logId)));
        bytes memory refusal = abi.encodeWithSelector(ICheckpointAnchor.LogIsSealed.selector, logId);
        bytes32[] memory none = new bytes32[](0);
        refused(ANCHORER, abi.encodeCall(anchors.anchor, (logId, size, FIRST_ROOT, size + 1, 0, none)), refusal);
        refused(OWNER, abi.encodeCall(anchors.setAnchorer, (logId, next)), refusal);
        refused(OWNER, abi.encodeCall(anchors.seal, (logId)), refusal);
        // It can still be handed on, and have its successor: sealed it stays.
        accepted(OWNER, abi.encodeCall(anchors.offerLog, (logId, next)));
        accepted(next, abi.encodeCall(anchors.acceptLog, (logId)));
        accepted(next, abi.encodeCall(anchors.openSuccessor, (logId, size, FIRST_ROOT, next)));
        refused(next, abi.encodeCall(anchors.seal, (logId)), refusal);
        requireHead(logId, size, ANCHORER, true);
    }

    function testFuzz_aLogHasOneSuccessor(uint64 size, uint64 otherSize, bytes32 otherRoot, bool sealedBefore) public {
        size = first(size);
        VM.assume(otherSize != size || otherRoot != FIRST_ROOT);
        refused(
            OWNER,
            abi.encodeCall(anchors.openSuccessor, (logId, otherSize, otherRoot, ANCHORER)),
            abi.encodeWithSelector(ICheckpointAnchor.NeverAnchored.selector, logId, otherSize, otherRoot)
        );
        if (sealedBefore) accepted(OWNER, abi.encodeCall(anchors.seal, (logId)));
        bytes memory open = abi.encodeCall(anchors.openSuccessor, (logId, size, FIRST_ROOT, ANCHORER));
        bytes32 successor = abi.decode(accepted(OWNER, open), (bytes32));
        require(successor == keccak256(abi.encode(logId, size, FIRST_ROOT)), "successor's id");
        require(anchors.successorOf(logId) == successor && anchors.successorOf(successor) == 0, "successorOf");
        requireHead(logId, size, ANCHORER, true);
        requireHead(successor, size, ANCHORER, false);
        bytes memory refusal =
            abi.encodeWithSelector(ICheckpointAnchor.SuccessorAlreadyOpen.selector, logId, successor);
        refused(OWNER, open, refusal);
        refused(OWNER, abi.encodeCall(anchors.openSuccessor, (logId, otherSize, otherRoot, ANCHORER)), refusal);
    }

    function testFuzz_noFunctionTakesEther(uint96 value) public {
        VM.assume(value != 0);
        first(6);
        accepted(OWNER, abi.encodeCall(anchors.openLog, (keccak256("empty"), ANCHORER)));
        for (uint256 which = 0; which <= FUNCTIONS; ++which) {
            (address caller, bytes memory data) = rightfulCall(which);
            VM.deal(caller, value);
            VM.prank(caller);
            (bool done, bytes memory answer) = address(anchors).call{value: value}(data);
            require(!done && answer.length == 0, "a call with ether was accepted");
            require(address(anchors).balance == 0 && caller.balance == value, "ether was taken");
            if (which < FUNCTIONS) accepted(caller, data); // nothing but the ether was wrong with it
        }
    }

    function testFuzz_whatIsNoFunctionIsRefused(bytes4 selector, bytes calldata rest) public {
        for (uint256 which = 0; which < FUNCTIONS; ++which) {
            (, bytes memory data) = rightfulCall(which);
            VM.assume(bytes4(data) != selector);
        }
        refused(OWNER, abi.encodePacked(selector, rest), "");
        refused(OWNER, "", "");
    }

    function test_withoutTheSha256PrecompileNothingIsProven() public {
        bytes32[] memory all = new bytes32[](5);
        for (uint256 i = 0; i < 5; ++i) all[i] = sha256(abi.encodePacked(bytes1(0x00), i));
        bytes32 oldRoot = Rfc9162.root(all, 0, 3);
        bytes32 newRoot = Rfc9162.root(all, 0, 5);
        bytes32[] memory proof = Rfc9162.proof(all, 3, 5);
        bytes32[] memory path = Rfc9162.path(all, 1, 0, 5);
        bytes32[] memory none = new bytes32[](0);
        accepted(ANCHORER, abi.encodeCall(anchors.anchor, (logId, 0, EMPTY_ROOT, 3, oldRoot, none)));
        anchors.verifyInclusion(all[1], 1, 5, newRoot, path);

        VM.mockCall(address(2), "", "");
        bytes memory refusal = abi.encodeWithSelector(ICheckpointAnchor.Sha256Failed.selector);
        refused(ANCHORER, abi.encodeCall(anchors.anchor, (logId, 3, oldRoot, 5, newRoot, proof)), refusal);
        refused(ANCHORER, abi.encodeCall(anchors.verifyInclusion, (all[1], 1, 5, newRoot, path)), refusal);
        requireHead(logId, 3, ANCHORER, false);
    }

    /// @dev A call of each function that is right for a log with head 7, in this order; then one of no function.
    function rightfulCall(uint256 which) private view returns (address caller, bytes memory data) {
        bytes32[] memory none = new bytes32[](0);
        bytes32 empty = keccak256(abi.encode(OWNER, keccak256("empty")));
        bytes[FUNCTIONS + 1] memory all = [
            abi.encodeCall(anchors.openLog, (keccak256("other"), ANCHORER)),
            abi.encodeCall(anchors.anchor, (empty, 0, EMPTY_ROOT, 8, FIRST_ROOT, none)),
            abi.encodeCall(anchors.setAnchorer, (logId, OWNER)),
            abi.encodeCall(anchors.offerLog, (logId, OWNER)),
            abi.encodeCall(anchors.acceptLog, (logId)),
            abi.encodeCall(anchors.seal, (logId)),
            abi.encodeCall(anchors.openSuccessor, (logId, 7, FIRST_ROOT, OWNER)),
            abi.encodeCall(anchors.anchoredAt, (logId, 7, FIRST_ROOT)),
            abi.encodeCall(anchors.head, (logId)),
            abi.encodeCall(anchors.ownership, (logId)),
            abi.encodeCall(anchors.successorOf, (logId)),
            abi.encodeCall(anchors.verifyInclusion, (FIRST_ROOT, 0, 1, FIRST_ROOT, none)),
            bytes("")
        ];
        return (which == 1 ? ANCHORER : OWNER, all[which]);
    }

    function ownersCallsAreRefused(address caller) private {
        bytes memory refusal = abi.encodeWithSelector(ICheckpointAnchor.NotOwner.selector, logId, caller, OWNER);
        refused(caller, abi.encodeCall(anchors.setAnchorer, (logId, caller)), refusal);
        refused(caller, abi.encodeCall(anchors.offerLog, (logId, caller)), refusal);
        refused(caller, abi.encodeCall(anchors.seal, (logId)), refusal);
        refused(caller, abi.encodeCall(anchors.openSuccessor, (logId, 1, FIRST_ROOT, caller)), refusal);
    }

    /// @dev Anchors a first head of any size, 0 < size < 2^63 - 1, whose root is FIRST_ROOT.
    function first(uint64 any) private returns (uint64 size) {
        size = uint64(1 + any % (2 ** 63 - 2));
        bytes32[] memory none = new bytes32[](0);
        accepted(ANCHORER, abi.encodeCall(anchors.anchor, (logId, 0, EMPTY_ROOT, size, FIRST_ROOT, none)));
    }

    /// @dev Length of an inclusion proof, by RFC 9162's recursive PATH.
    function depth(uint256 index, uint256 size) private pure returns (uint256 length) {
        for (; size > 1; ++length) {
            uint256 k = Rfc9162.split(size);
            (index, size) = index < k ? (index, k) : (index - k, size - k);
        }
    }

    function accepted(address caller, bytes memory data) private returns (bytes memory answer) {
        bool done;
        VM.prank(caller);
        (done, answer) = address(anchors).call(data);
        require(done, "a rightful call was refused");
    }

    function refused(address caller, bytes memory data, bytes memory refusal) private {
        VM.prank(caller);
        (bool done, bytes memory answer) = address(anchors).call(data);
        require(!done, "a wrong call was accepted");
        requireSame(answer, refusal);
    }

    function requireSame(bytes memory found, bytes memory wanted) private pure {
        require(keccak256(found) == keccak256(wanted), "refused for another reason");
    }

    function requireHead(bytes32 id, uint64 size, address anchorer, bool isSealed) private view {
        (uint64 foundSize, address foundAnchorer, bool foundSealed) = anchors.head(id);
        require(foundSize == size && foundAnchorer == anchorer && foundSealed == isSealed, "head");
    }

    function requireOwnership(address owner, address offeredTo) private view {
        (address foundOwner, address foundOffer) = anchors.ownership(logId);
        require(foundOwner == owner && foundOffer == offeredTo, "ownership");
    }
}

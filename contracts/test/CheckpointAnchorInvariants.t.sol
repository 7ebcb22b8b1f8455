// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CheckpointAnchor} from "../CheckpointAnchor.sol";
import {Rfc9162} from "./Rfc9162.sol";
import {VM} from "./Vm.sol";

/// @dev Does anything to one log, as anybody, and remembers what was accepted. No call of it ever reverts.
contract Actors {
    uint256 private constant MOST = 24;

    struct Accepted {
        bytes32 logId;
        uint64 size;
        bytes32 root;
        uint64 time;
        bool genuine;
    }

    CheckpointAnchor public immutable ANCHORS = new CheckpointAnchor();
    address public immutable OWNER = address(0xA11CE);
    address public immutable ANCHORER = address(0xB0B);
    address public immutable MALLORY = address(0xBAD);
    bytes32 public logId;
    bool public everSealed;
    bool public strangerSucceeded;
    uint256 public extensions;
    uint256 public refusals;
    Accepted[] public accepted;

    bytes32[] private _honest;
    bytes32[] private _forged;

    constructor() {
        VM.prank(OWNER);
        logId = ANCHORS.openLog(keccak256("origin"), ANCHORER);
        for (uint256 i = 0; i < MOST; ++i) {
            _honest.push(sha256(abi.encodePacked(bytes1(0x00), "honest", i)));
            _forged.push(i == 3 ? sha256("forged") : _honest[i]);
        }
    }

    /// @dev The anchorer goes on with the honest history.
    function extend(uint8 step, uint8 wait) external {
        VM.warp(block.timestamp + wait);
        (uint64 oldSize,,) = ANCHORS.head(logId);
        _anchor(ANCHORER, _honest, _honest, oldSize, oldSize + 1 + step % 6);
    }

    /// @dev The anchorer tries the forged history, from the head or from anywhere, with the one root or the other.
    function rewrite(uint8 from, uint8 to, bool atHead, bool honestRoot) external {
        (uint64 size,,) = ANCHORS.head(logId);
        uint64 oldSize = atHead ? size : uint64(from % MOST);
        _anchor(ANCHORER, honestRoot ? _honest : _forged, _forged, oldSize, uint64(to % (MOST + 1)));
    }

    /// @dev Somebody else tries the honest history.
    function intrude(uint8 step, bool asOwner) external {
        (uint64 oldSize,,) = ANCHORS.head(logId);
        _anchor(asOwner ? OWNER : MALLORY, _honest, _honest, oldSize, oldSize + 1 + step % 6);
    }

    /// @dev Somebody else tries to rule.
    function usurp(uint8 what) external {
        bytes memory data = what % 5 == 0
            ? abi.encodeCall(ANCHORS.setAnchorer, (logId, MALLORY))
            : what % 5 == 1
                ? abi.encodeCall(ANCHORS.offerLog, (logId, MALLORY))
                : what % 5 == 2 ? abi.encodeCall(ANCHORS.acceptLog, (logId)) : abi.encodeCall(ANCHORS.seal, (logId));
        VM.prank(MALLORY);
        (bool done,) = address(ANCHORS).call(data);
        strangerSucceeded = strangerSucceeded || done;
    }

    /// @dev Rarely, the owner seals the log or continues it from an anchored head: sometimes an older one.
    function succeed(uint8 chance, uint8 which) external {
        if (chance % 8 != 0 || accepted.length == 0) return;
        Accepted memory from = accepted[which % accepted.length];
        // The same head may have been accepted in more than one log, at different times.
        (from.time,) = ANCHORS.anchoredAt(logId, from.size, from.root);
        VM.prank(OWNER);
        (bool done, bytes memory answer) = address(ANCHORS).call(
            abi.encodeCall(ANCHORS.openSuccessor, (logId, from.size, from.root, ANCHORER))
        );
        if (!done) return;
        (,, bool isSealed) = ANCHORS.head(logId);
        require(isSealed, "a successor was opened beside a log that goes on");
        logId = abi.decode(answer, (bytes32));
        accepted.push(Accepted(logId, from.size, from.root, from.time, from.genuine));
    }

    function acceptedCount() external view returns (uint256) {
        return accepted.length;
    }

    function _anchor(address sender, bytes32[] memory old, bytes32[] memory all, uint64 oldSize, uint64 newSize) private {
        if (newSize > MOST || newSize <= oldSize) return;
        bytes32[] memory proof = oldSize == 0 ? new bytes32[](0) : Rfc9162.proof(all, oldSize, newSize);
        bytes32 newRoot = Rfc9162.root(all, 0, newSize);
        bytes memory data = abi.encodeCall(
            ANCHORS.anchor, (logId, oldSize, Rfc9162.root(old, 0, oldSize), newSize, newRoot, proof)
        );
        VM.prank(sender);
        (bool done,) = address(ANCHORS).call(data);
        if (!done) {
            ++refusals;
            return;
        }
        ++extensions;
        strangerSucceeded = strangerSucceeded || sender != ANCHORER;
        bool genuine = newRoot == Rfc9162.root(_honest, 0, newSize);
        accepted.push(Accepted(logId, newSize, newRoot, uint64(block.timestamp), genuine));
    }
}

/// @dev What must hold after any sequence of those actions. The very first head may be forged (nothing was promised
/// before it): then the honest history is the one that can never follow.
contract CheckpointAnchorInvariants {
    Actors private actors;

    function setUp() public {
        VM.warp(1_800_000_000);
        actors = new Actors();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    /// @dev One history a log: from size 4 on, all its heads are of the honest entries, or all of the forged ones.
    function invariant_oneHistory() public view {
        bytes32 current;
        bool decided;
        bool genuine;
        for (uint256 i = 0; i < actors.acceptedCount(); ++i) {
            (bytes32 logId, uint64 size,,, bool isGenuine) = actors.accepted(i);
            if (logId != current) (current, decided) = (logId, false);
            if (size < 4) continue;
            require(!decided || genuine == isGenuine, "heads of two histories were anchored");
            (decided, genuine) = (true, isGenuine);
        }
    }

    function invariant_anchorsStayForEver() public view {
        for (uint256 i = 0; i < actors.acceptedCount(); ++i) {
            (bytes32 logId, uint64 size, bytes32 root, uint64 time,) = actors.accepted(i);
            (uint64 found, uint64 number) = actors.ANCHORS().anchoredAt(logId, size, root);
            require(found == time && number != 0, "an anchor was changed or lost");
        }
    }

    function invariant_theHeadIsTheLastAccepted() public view {
        (uint64 size, address anchorer,) = actors.ANCHORS().head(actors.logId());
        uint256 count = actors.acceptedCount();
        require(anchorer == actors.ANCHORER(), "the anchorer changed");
        if (count == 0) {
            require(size == 0, "a head came from nowhere");
            return;
        }
        (bytes32 logId, uint64 last,,,) = actors.accepted(count - 1);
        require(logId == actors.logId() && size == last, "the head is not what was last accepted");
    }

    function invariant_strangersDoNothing() public view {
        require(!actors.strangerSucceeded(), "a stranger's call was accepted");
        (address owner, address offeredTo) = actors.ANCHORS().ownership(actors.logId());
        require(owner == actors.OWNER() && offeredTo == address(0), "the owner changed");
    }

    function invariant_noEther() public view {
        require(address(actors.ANCHORS()).balance == 0, "ether");
    }
}

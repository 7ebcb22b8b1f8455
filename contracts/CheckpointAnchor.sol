// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICheckpointAnchor} from "./ICheckpointAnchor.sol";

/// @title CheckpointAnchor
/// @dev ICheckpointAnchor.sol is the specification; this file only says how. Nothing is ever deleted or overwritten but
/// a log's head (which grows), its anchorer, its owner and its offer.
contract CheckpointAnchor is ICheckpointAnchor {
    /// @dev SHA-256(""), the root of the empty tree (RFC 9162, 2.1.1).
    bytes32 private constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @dev First size that is too large.
    uint64 private constant SIZE_LIMIT = 1 << 63;

    mapping(bytes32 logId => Head) private _heads;
    mapping(bytes32 logId => Ownership) private _ownerships;
    mapping(bytes32 logId => bytes32 successor) private _successors;
    mapping(bytes32 anchorId => Anchor) private _anchors;

    /// @inheritdoc ICheckpointAnchor
    function openLog(bytes32 originHash, address anchorer) external returns (bytes32 logId) {
        logId = keccak256(abi.encode(msg.sender, originHash));
        if (_ownerships[logId].owner != address(0)) revert LogAlreadyOpen(logId);
        _open(logId, anchorer, 0);
        emit LogOpened(logId, msg.sender, originHash, anchorer);
    }

    /// @inheritdoc ICheckpointAnchor
    function anchor(
        bytes32 logId,
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata consistencyProof
    ) external {
        // 1. The log is open, the caller is its anchorer and it has not ended.
        Head storage newest = _heads[logId];
        Head memory current = newest;
        if (current.anchorer == address(0)) revert LogNotOpen(logId);
        if (msg.sender != current.anchorer) revert NotAnchorer(logId, msg.sender, current.anchorer);
        if (current.isSealed) revert LogIsSealed(logId);

        // 2. It builds on the head, and grows. No slot holds the head's root: of all roots with the head's size, exactly
        //    the head's own is among the anchors, because sizes only rise.
        if (oldSize != current.size) revert HeadSizeMismatch(logId, current.size, oldSize);
        if (newSize <= oldSize) revert SizeNotLarger(oldSize, newSize);
        if (newSize >= SIZE_LIMIT) revert SizeTooLarge(newSize);

        // 3. The new tree extends the old one. Nothing is claimed by a proof from the empty tree: it must be empty.
        if (oldSize == 0) {
            if (oldRoot != EMPTY_ROOT) revert HeadRootMismatch(logId, oldSize, oldRoot);
            if (consistencyProof.length != 0) {
                revert ConsistencyProofLengthWrong(0, consistencyProof.length);
            }
        } else {
            if (_anchors[_anchorId(logId, oldSize, oldRoot)].blockTime == 0) {
                revert HeadRootMismatch(logId, oldSize, oldRoot);
            }
            _requireConsistent(oldSize, oldRoot, newSize, newRoot, consistencyProof);
        }

        // 4. Keep it for ever.
        newest.size = newSize;
        _anchors[_anchorId(logId, newSize, newRoot)] = Anchor(uint64(block.timestamp), uint64(block.number));
        emit CheckpointAnchored(logId, newSize, newRoot);
    }

    /// @inheritdoc ICheckpointAnchor
    function setAnchorer(bytes32 logId, address anchorer) external {
        _requireOwner(logId);
        if (anchorer == address(0)) revert AnchorerIsZero(logId);
        Head storage newest = _heads[logId];
        if (newest.isSealed) revert LogIsSealed(logId);
        address previous = newest.anchorer;
        newest.anchorer = anchorer;
        emit AnchorerChanged(logId, previous, anchorer);
    }

    /// @inheritdoc ICheckpointAnchor
    function offerLog(bytes32 logId, address newOwner) external {
        _requireOwner(logId);
        _ownerships[logId].offeredTo = newOwner;
        emit LogOffered(logId, msg.sender, newOwner);
    }

    /// @inheritdoc ICheckpointAnchor
    function acceptLog(bytes32 logId) external {
        Ownership memory current = _ownerships[logId];
        if (current.owner == address(0)) revert LogNotOpen(logId);
        if (msg.sender != current.offeredTo) revert NotOffered(logId, msg.sender, current.offeredTo);
        _ownerships[logId] = Ownership({owner: msg.sender, offeredTo: address(0)});
        emit LogAccepted(logId, current.owner, msg.sender);
    }

    /// @inheritdoc ICheckpointAnchor
    function seal(bytes32 logId) external {
        _requireOwner(logId);
        Head storage newest = _heads[logId];
        if (newest.isSealed) revert LogIsSealed(logId);
        newest.isSealed = true;
        emit LogSealed(logId, newest.size);
    }

    /// @inheritdoc ICheckpointAnchor
    function openSuccessor(bytes32 oldLogId, uint64 size, bytes32 root, address anchorer)
        external
        returns (bytes32 logId)
    {
        _requireOwner(oldLogId);
        if (_successors[oldLogId] != 0) revert SuccessorAlreadyOpen(oldLogId, _successors[oldLogId]);
        // An anchor's id and a successor's id are the same hash: it names (log, size, root).
        logId = _anchorId(oldLogId, size, root);
        Anchor memory first = _anchors[logId];
        if (first.blockTime == 0) revert NeverAnchored(oldLogId, size, root);

        Head storage old = _heads[oldLogId];
        if (!old.isSealed) {
            old.isSealed = true;
            emit LogSealed(oldLogId, old.size);
        }
        _open(logId, anchorer, size);
        _successors[oldLogId] = logId;
        _anchors[_anchorId(logId, size, root)] = first;
        emit SuccessorOpened(oldLogId, logId, msg.sender, size, root, anchorer);
    }

    /// @inheritdoc ICheckpointAnchor
    function anchoredAt(bytes32 logId, uint64 size, bytes32 root)
        external
        view
        returns (uint64 blockTime, uint64 blockNumber)
    {
        Anchor memory found = _anchors[_anchorId(logId, size, root)];
        return (found.blockTime, found.blockNumber);
    }

    /// @inheritdoc ICheckpointAnchor
    function head(bytes32 logId) external view returns (uint64 size, address anchorer, bool isSealed) {
        Head memory newest = _heads[logId];
        return (newest.size, newest.anchorer, newest.isSealed);
    }

    /// @inheritdoc ICheckpointAnchor
    function ownership(bytes32 logId) external view returns (address owner, address offeredTo) {
        Ownership memory current = _ownerships[logId];
        return (current.owner, current.offeredTo);
    }

    /// @inheritdoc ICheckpointAnchor
    function successorOf(bytes32 logId) external view returns (bytes32 successor) {
        return _successors[logId];
    }

    /// @inheritdoc ICheckpointAnchor
    function verifyInclusion(bytes32 leafHash, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        external
        view
    {
        if (size >= SIZE_LIMIT) revert SizeTooLarge(size);
        if (index >= size) revert IndexNotInTree(index, size);

        // RFC 9162, section 2.1.3.2; fn, sn and r are the RFC's names. Index and size alone say how many values a proof
        // has, so the loop runs until sn is 0, at most 63 times, and the length is compared afterwards.
        uint256 fn = index;
        uint256 sn = size - 1;
        bytes32 r = leafHash;
        uint256 used = 0;
        for (; sn != 0; ++used) {
            bytes32 value = used < path.length ? path[used] : bytes32(0);
            // The last node of a level without right sibling is carried up unchanged.
            while (fn == sn && fn & 1 == 0) {
                fn >>= 1;
                sn >>= 1;
            }
            r = fn & 1 == 1 ? _node(value, r) : _node(r, value);
            fn >>= 1;
            sn >>= 1;
        }
        if (used != path.length) revert InclusionProofLengthWrong(used, path.length);
        if (r != root) revert RootNotProven(root, r);
    }

    function _open(bytes32 logId, address anchorer, uint64 size) private {
        if (anchorer == address(0)) revert AnchorerIsZero(logId);
        _ownerships[logId].owner = msg.sender;
        _heads[logId] = Head({anchorer: anchorer, size: size, isSealed: false});
    }

    function _requireOwner(bytes32 logId) private view {
        address owner = _ownerships[logId].owner;
        if (owner == address(0)) revert LogNotOpen(logId);
        if (msg.sender != owner) revert NotOwner(logId, msg.sender, owner);
    }

    function _anchorId(bytes32 logId, uint64 size, bytes32 root) private pure returns (bytes32) {
        return keccak256(abi.encode(logId, size, root));
    }

    /// @dev RFC 9162, section 2.1.4.2; fn, sn, fr and sr are the RFC's names. Requires 0 < oldSize < newSize < 2^63.
    ///
    /// The sizes alone say how many values a proof has, so the loop runs until `sn` is 0, which is at most 63 times, and
    /// the length is compared afterwards. What it read beyond a short proof is thrown away then.
    function _requireConsistent(
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) private view {
        bytes32 fr;
        bytes32 sr;
        uint256 used;
        // 32 as long as every hash came back with 32 bytes: without gas, or on a chain without the precompile, none do,
        // and memory would still hold the old words.
        uint256 answered;
        // In assembly because Solidity's sha256() would copy every pair of hashes to fresh memory.
        assembly ("memory-safe") {
            // Two times 65 bytes, 0x01 || left || right: `fr` and `sr` live at the right, where their next hash is made.
            let old := mload(0x40)
            let new := add(old, 65)
            mstore8(old, 1)
            mstore8(new, 1)
            let next := proof.offset

            // Steps 2 and 5. A power of two: the old tree is one complete subtree, its root is the first value.
            let first := oldRoot
            if and(oldSize, sub(oldSize, 1)) {
                first := calldataload(next)
                next := add(next, 32)
            }
            mstore(add(old, 33), first)
            mstore(add(new, 33), first)

            // Steps 3 and 4.
            let fn := sub(oldSize, 1)
            let sn := sub(newSize, 1)
            for {} and(fn, 1) {} {
                fn := shr(1, fn)
                sn := shr(1, sn)
            }

            // Step 6. In (b) the right shift may as well come first: what matters is that it ends at a set bit.
            answered := 32
            for {} sn {} {
                let value := calldataload(next)
                next := add(next, 32)
                if eq(fn, sn) {
                    for {} iszero(and(fn, 1)) {} {
                        fn := shr(1, fn)
                        sn := shr(1, sn)
                    }
                }
                switch and(fn, 1)
                case 0 {
                    mstore(add(new, 1), mload(add(new, 33)))
                    mstore(add(new, 33), value)
                }
                default {
                    mstore(add(old, 1), value)
                    mstore(add(new, 1), value)
                    pop(staticcall(gas(), 2, old, 65, add(old, 33), 32))
                    answered := and(answered, returndatasize())
                }
                pop(staticcall(gas(), 2, new, 65, add(new, 33), 32))
                answered := and(answered, returndatasize())
                fn := shr(1, fn)
                sn := shr(1, sn)
            }

            fr := mload(add(old, 33))
            sr := mload(add(new, 33))
            used := shr(5, sub(next, proof.offset))
        }
        // Step 7, and step 1 with it: no proof of these sizes is empty unless oldSize is a power of two.
        if (answered != 32) revert Sha256Failed();
        if (used != proof.length) revert ConsistencyProofLengthWrong(used, proof.length);
        if (fr != oldRoot) revert OldRootNotProven(oldRoot, fr);
        if (sr != newRoot) revert NewRootNotProven(newRoot, sr);
    }

    /// @dev SHA-256(0x01 || left || right).
    function _node(bytes32 left, bytes32 right) private view returns (bytes32 parent) {
        bool answered;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore8(buffer, 1)
            mstore(add(buffer, 1), left)
            mstore(add(buffer, 33), right)
            pop(staticcall(gas(), 2, buffer, 65, 0, 32))
            answered := eq(returndatasize(), 32)
            parent := mload(0)
        }
        if (!answered) revert Sha256Failed();
    }
}

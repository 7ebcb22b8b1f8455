// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Checkpoints of append-only logs, kept for ever
/// @notice One contract for any number of logs. A log is an RFC 9162 Merkle tree (SHA-256, leaf prefix 0x00, node
/// prefix 0x01) that somebody keeps elsewhere. Its anchorer writes the log's heads (size, root) here, and the contract
/// takes a head only with the proof that it extends the one before. So the chain itself refuses a rewritten or forked
/// history, and answers for ever at which block a head was known.
/// @dev This interface is the specification. There is no owner of the whole, no pause, no upgrade and no ether.
///
/// Roles of one log. The *owner* (a cold key or a multisig) names the anchorer, hands the log on, ends it and opens its
/// successor. The *anchorer* (a warm key) only appends. A stolen anchorer's key can append junk, never rewrite; the
/// owner then opens a successor from the last honest head, and verifiers pin {logId, maxSize}.
///
/// What an anchor proves: that somebody entitled by the log knew this root by that block. Not that the log's entries
/// were published, and not that they are true.
interface ICheckpointAnchor {
    /// @notice The newest state of a log. One storage slot.
    /// @param anchorer the only account that may append; zero while the log is not open
    /// @param size number of entries of the newest anchored head; 0 for a log without anchors
    /// @param isSealed whether the log has ended
    struct Head {
        address anchorer;
        uint64 size;
        bool isSealed;
    }

    /// @notice When a head was anchored. One storage slot.
    /// @param blockTime timestamp of that block, in seconds since 1970; 0 for never
    /// @param blockNumber number of that block, as the chain itself counts (rollups: their own number); 0 for never
    struct Anchor {
        uint64 blockTime;
        uint64 blockNumber;
    }

    /// @notice Who rules a log.
    /// @param owner the account that changes the anchorer, hands the log on, seals it and opens its successor
    /// @param offeredTo the account that may take the log over with acceptLog; zero for none
    struct Ownership {
        address owner;
        address offeredTo;
    }

    /// @notice A log was opened with head (0, SHA-256("")).
    event LogOpened(bytes32 indexed logId, address indexed owner, bytes32 indexed originHash, address anchorer);
    /// @notice A head was anchored; its time is that of the block.
    event CheckpointAnchored(bytes32 indexed logId, uint64 indexed size, bytes32 root);
    /// @notice Another account became the anchorer.
    event AnchorerChanged(bytes32 indexed logId, address indexed previous, address indexed anchorer);
    /// @notice The log was offered to another account; zero: the offer was taken back.
    event LogOffered(bytes32 indexed logId, address indexed owner, address indexed offeredTo);
    /// @notice The offer was accepted.
    event LogAccepted(bytes32 indexed logId, address indexed previous, address indexed owner);
    /// @notice The log ended with this size.
    event LogSealed(bytes32 indexed logId, uint64 size);
    /// @notice A log was continued from one of its heads under a new id.
    event SuccessorOpened(
        bytes32 indexed oldLogId,
        bytes32 indexed logId,
        address indexed owner,
        uint64 size,
        bytes32 root,
        address anchorer
    );

    /// @notice This id is taken: an owner opens a log of one origin once.
    error LogAlreadyOpen(bytes32 logId);
    /// @notice No log has this id.
    error LogNotOpen(bytes32 logId);
    /// @notice The log has ended.
    error LogIsSealed(bytes32 logId);
    /// @notice Only `anchorer` may append.
    error NotAnchorer(bytes32 logId, address caller, address anchorer);
    /// @notice Only `owner` may do this.
    error NotOwner(bytes32 logId, address caller, address owner);
    /// @notice The log is offered to `offeredTo` (zero: to nobody), not to the caller.
    error NotOffered(bytes32 logId, address caller, address offeredTo);
    /// @notice The zero address cannot be an anchorer. To stop a log, seal it.
    error AnchorerIsZero(bytes32 logId);
    /// @notice The log's head has size `headSize`, the caller builds on `oldSize`: read the head again.
    error HeadSizeMismatch(bytes32 logId, uint64 headSize, uint64 oldSize);
    /// @notice The sizes agree, but `oldRoot` is not the head's root: the caller holds another history.
    error HeadRootMismatch(bytes32 logId, uint64 oldSize, bytes32 oldRoot);
    /// @notice A new head must be larger than the old one.
    error SizeNotLarger(uint64 oldSize, uint64 newSize);
    /// @notice Sizes must be below 2^63.
    error SizeTooLarge(uint64 size);
    /// @notice The consistency proof between these sizes has `expected` hashes.
    error ConsistencyProofLengthWrong(uint256 expected, uint256 found);
    /// @notice The proof leads to another old root: the new tree is not an extension of the old one.
    error OldRootNotProven(bytes32 expected, bytes32 computed);
    /// @notice The proof leads to another new root.
    error NewRootNotProven(bytes32 expected, bytes32 computed);
    /// @notice A tree of `size` leaves has no leaf `index`.
    error IndexNotInTree(uint64 index, uint64 size);
    /// @notice The inclusion proof of this leaf has `expected` hashes.
    error InclusionProofLengthWrong(uint256 expected, uint256 found);
    /// @notice The inclusion proof leads to another root.
    error RootNotProven(bytes32 expected, bytes32 computed);
    /// @notice This (size, root) was never anchored in this log.
    error NeverAnchored(bytes32 logId, uint64 size, bytes32 root);
    /// @notice A log has at most one successor.
    error SuccessorAlreadyOpen(bytes32 logId, bytes32 successor);
    /// @notice The SHA-256 precompile (address 2) gave no answer: not enough gas, or a chain without it.
    error Sha256Failed();

    /// @notice Opens a log. Anyone may; the caller becomes its owner.
    /// @dev Reverts with AnchorerIsZero or LogAlreadyOpen. The id contains the caller, so nobody can take another's id.
    /// @param originHash SHA-256 of the log's origin in UTF-8
    /// @param anchorer the account that may append
    /// @return logId keccak256(abi.encode(msg.sender, originHash))
    function openLog(bytes32 originHash, address anchorer) external returns (bytes32 logId);

    /// @notice Appends a head to a log. Only its anchorer may.
    /// @dev Compare-and-swap: reverts unless the log's head is exactly (oldSize, oldRoot), so that the same call cannot
    /// be applied twice. In this order: LogNotOpen, NotAnchorer, LogIsSealed, HeadSizeMismatch, SizeNotLarger,
    /// SizeTooLarge, HeadRootMismatch, ConsistencyProofLengthWrong, OldRootNotProven, NewRootNotProven.
    /// @param logId the log
    /// @param oldSize size of the head to build on; 0 for the first anchor
    /// @param oldRoot root of the head to build on; SHA-256("") for the first anchor
    /// @param newSize oldSize < newSize < 2^63
    /// @param newRoot root of the tree of newSize entries
    /// @param consistencyProof PROOF(oldSize, D[newSize]) of RFC 9162, section 2.1.4.1; empty for the first anchor
    function anchor(
        bytes32 logId,
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata consistencyProof
    ) external;

    /// @notice Names another anchorer. Only the owner may, and not for a sealed log.
    /// @dev Reverts with LogNotOpen, NotOwner, AnchorerIsZero or LogIsSealed.
    function setAnchorer(bytes32 logId, address anchorer) external;

    /// @notice Offers the log to another owner, who must accept. Only the owner may; zero takes the offer back.
    /// @dev Reverts with LogNotOpen or NotOwner. Works after seal too: the owner's key still opens the successor.
    function offerLog(bytes32 logId, address newOwner) external;

    /// @notice Takes over a log that was offered to the caller.
    /// @dev Reverts with LogNotOpen or NotOffered. The id does not change.
    function acceptLog(bytes32 logId) external;

    /// @notice Ends a log, for ever. Only the owner may. Its anchors stay readable.
    /// @dev Reverts with LogNotOpen, NotOwner or LogIsSealed.
    function seal(bytes32 logId) external;

    /// @notice Continues a log from one of its anchored heads under a new id, and seals the old log if it is not sealed.
    /// Only the owner may, once per log. What was anchored after that head stays behind in the old log.
    /// @dev Reverts with LogNotOpen, NotOwner, AnchorerIsZero, SuccessorAlreadyOpen or NeverAnchored. The successor's
    /// owner is the caller, its head is (size, root), and anchoredAt answers there with the first anchor's block.
    /// @param oldLogId the log to continue
    /// @param size size of the last honest head
    /// @param root root of the last honest head
    /// @param anchorer the successor's anchorer
    /// @return logId keccak256(abi.encode(oldLogId, size, root))
    function openSuccessor(bytes32 oldLogId, uint64 size, bytes32 root, address anchorer)
        external
        returns (bytes32 logId);

    /// @notice When a head was anchored in a log.
    /// @return blockTime timestamp of the block, 0 when never anchored
    /// @return blockNumber number of the block, 0 when never anchored
    function anchoredAt(bytes32 logId, uint64 size, bytes32 root)
        external
        view
        returns (uint64 blockTime, uint64 blockNumber);

    /// @notice The newest state of a log; (0, zero address, false) when it is not open.
    function head(bytes32 logId) external view returns (uint64 size, address anchorer, bool isSealed);

    /// @notice Who rules a log; zero addresses when it is not open.
    function ownership(bytes32 logId) external view returns (address owner, address offeredTo);

    /// @notice The id of the log's successor; zero when there is none.
    function successorOf(bytes32 logId) external view returns (bytes32 successor);

    /// @notice Checks an inclusion proof (RFC 9162, section 2.1.3.2). Returns if it holds and reverts if not, so that a
    /// caller cannot forget to look at the answer.
    /// @dev It says nothing about anchors: ask anchoredAt for the same size and root. Reverts with SizeTooLarge,
    /// IndexNotInTree, InclusionProofLengthWrong or RootNotProven.
    /// @param leafHash SHA-256(0x00 || entry)
    /// @param index position of the entry, index < size
    /// @param size size of the tree, below 2^63
    /// @param root root of the tree
    /// @param path PATH(index, D[size]) of RFC 9162, section 2.1.3.1, leaf side first
    function verifyInclusion(bytes32 leafHash, uint64 index, uint64 size, bytes32 root, bytes32[] calldata path)
        external
        view;
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CheckpointAnchor} from "../CheckpointAnchor.sol";
import {Rfc9162} from "./Rfc9162.sol";
import {VM} from "./Vm.sol";

/// @dev Four people do anything to any of their logs. Beside the contract stands a model of who may do what, in so few
/// lines that it can be read; each call must be accepted by both or by neither. All heads are of one honest history:
/// CheckpointAnchorInvariants.t.sol has the forged ones.
contract People {
    uint64 private constant MOST = 16;

    struct Log {
        bytes32 id;
        address owner;
        address offeredTo;
        address anchorer;
        uint64 size;
        bool isSealed;
        bytes32 successor;
    }

    struct Seen {
        uint64 size;
        bool isSealed;
        bytes32 successor;
    }

    CheckpointAnchor public immutable ANCHORS = new CheckpointAnchor();
    Log[] public logs;
    string public fault;
    string public takenBack;

    bytes32[] private _leaves;
    bytes32[] private _roots;
    mapping(bytes32 id => mapping(uint64 size => uint64 time)) public timeOf;
    mapping(bytes32 id => Seen) private _seen;

    constructor() {
        _roots.push(sha256(""));
        for (uint256 i = 0; i < MOST; ++i) {
            _leaves.push(sha256(abi.encodePacked(bytes1(0x00), i)));
            _roots.push(Rfc9162.root(_leaves, 0, i + 1));
        }
        openLog(0, 0, 1);
    }

    function openLog(uint8 who, uint8 origin, uint8 anchorer) public {
        address owner = person(who);
        bytes32 originHash = keccak256(abi.encode(origin % 2));
        bytes32 id = keccak256(abi.encode(owner, originHash));
        bool rightful = true;
        for (uint256 i = 0; i < logs.length; ++i) rightful = rightful && logs[i].id != id;
        if (tried(owner, abi.encodeCall(ANCHORS.openLog, (originHash, person(anchorer))), rightful, "openLog")) {
            logs.push(Log(id, owner, address(0), person(anchorer), 0, false, 0));
        }
    }

    function anchor(uint8 which, uint8 who, uint8 step, uint8 wait) external {
        Log storage log = logs[which % logs.length];
        uint64 newSize = log.size + 1 + step % 3;
        if (newSize > MOST) return;
        VM.warp(block.timestamp + wait);
        address caller = either(who, log.anchorer);
        bytes32[] memory proof =
            log.size == 0 ? new bytes32[](0) : Rfc9162.proof(_leaves, log.size, newSize);
        bytes memory data = abi.encodeCall(
            ANCHORS.anchor, (log.id, log.size, _roots[log.size], newSize, _roots[newSize], proof)
        );
        if (tried(caller, data, caller == log.anchorer && !log.isSealed, "anchor")) {
            log.size = newSize;
            timeOf[log.id][newSize] = uint64(block.timestamp);
        }
    }

    function setAnchorer(uint8 which, uint8 who, uint8 anchorer) external {
        Log storage log = logs[which % logs.length];
        address caller = either(who, log.owner);
        bytes memory data = abi.encodeCall(ANCHORS.setAnchorer, (log.id, person(anchorer)));
        if (tried(caller, data, caller == log.owner && !log.isSealed, "setAnchorer")) {
            log.anchorer = person(anchorer);
        }
    }

    function offerLog(uint8 which, uint8 who, uint8 next) external {
        Log storage log = logs[which % logs.length];
        address caller = either(who, log.owner);
        address offeredTo = next % 5 == 4 ? address(0) : person(next);
        if (tried(caller, abi.encodeCall(ANCHORS.offerLog, (log.id, offeredTo)), caller == log.owner, "offerLog")) {
            log.offeredTo = offeredTo;
        }
    }

    function acceptLog(uint8 which, uint8 who) external {
        Log storage log = logs[which % logs.length];
        address caller = log.offeredTo == address(0) ? person(who) : either(who, log.offeredTo);
        if (tried(caller, abi.encodeCall(ANCHORS.acceptLog, (log.id)), caller == log.offeredTo, "acceptLog")) {
            (log.owner, log.offeredTo) = (caller, address(0));
        }
    }

    function seal(uint8 which, uint8 who, uint8 chance) external {
        if (chance % 3 != 0) return; // else nearly every log would end at once
        Log storage log = logs[which % logs.length];
        address caller = either(who, log.owner);
        bool rightful = caller == log.owner && !log.isSealed;
        if (tried(caller, abi.encodeCall(ANCHORS.seal, (log.id)), rightful, "seal")) log.isSealed = true;
    }

    function openSuccessor(uint8 which, uint8 who, uint8 anchorer, uint8 older) external {
        Log storage log = logs[which % logs.length];
        address caller = either(who, log.owner);
        uint64 size = log.size - uint64(older % (log.size + 1));
        // Mostly from an anchored head.
        if (older % 4 != 0) while (size < log.size && timeOf[log.id][size] == 0) ++size;
        uint64 time = timeOf[log.id][size];
        bool rightful = caller == log.owner && log.successor == 0 && time != 0;
        bytes memory data =
            abi.encodeCall(ANCHORS.openSuccessor, (log.id, size, _roots[size], person(anchorer)));
        if (tried(caller, data, rightful, "openSuccessor")) {
            bytes32 id = keccak256(abi.encode(log.id, size, _roots[size]));
            (log.isSealed, log.successor) = (true, id);
            timeOf[id][size] = time;
            logs.push(Log(id, caller, address(0), person(anchorer), size, false, 0));
        }
    }

    /// @dev Whoever it is, with any call: ether stays out.
    function pay(uint8 who, uint8 which, uint8 value) external {
        if (value == 0) return;
        bytes32 id = logs[which % logs.length].id;
        VM.deal(person(who), value);
        VM.prank(person(who));
        (bool done,) = address(ANCHORS).call{value: value}(abi.encodeCall(ANCHORS.acceptLog, (id)));
        if (done) fault = "ether was taken";
    }

    function logCount() external view returns (uint256) {
        return logs.length;
    }

    function rootOf(uint64 size) external view returns (bytes32) {
        return _roots[size];
    }

    function tried(address caller, bytes memory data, bool rightful, string memory what) private returns (bool done) {
        VM.prank(caller);
        (done,) = address(ANCHORS).call(data);
        if (done != rightful) fault = string.concat(what, done ? ": accepted, against the rules" : ": refused");
        for (uint256 i = 0; i < logs.length; ++i) look(logs[i].id);
    }

    /// @dev Compares a log with what it was before this call, without the model.
    function look(bytes32 id) private {
        (uint64 size,, bool isSealed) = ANCHORS.head(id);
        bytes32 successor = ANCHORS.successorOf(id);
        Seen memory before = _seen[id];
        if (size < before.size) takenBack = "a log shrank";
        if (before.isSealed && !isSealed) takenBack = "a seal was broken";
        if (before.isSealed && size != before.size) takenBack = "a sealed log grew";
        if (before.successor != 0 && successor != before.successor) takenBack = "a successor was exchanged";
        if (successor != 0 && !isSealed) takenBack = "a log goes on beside its successor";
        _seen[id] = Seen(size, isSealed, successor);
    }

    function person(uint8 who) private pure returns (address) {
        return address(uint160(0xA11CE + uint256(who % 4)));
    }

    /// @dev Half of the time the right one, so that enough is accepted.
    function either(uint8 who, address rightOne) private pure returns (address) {
        return who >= 128 ? rightOne : person(who);
    }
}

/// @dev After any sequence of those calls.
contract CheckpointAnchorModel {
    People private people;

    function setUp() public {
        VM.warp(1_800_000_000);
        people = new People();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(people);
    }

    function invariant_everyCallIsAnsweredByTheRules() public view {
        require(bytes(people.fault()).length == 0, people.fault());
    }

    function invariant_everyLogIsAsTheModelSays() public view {
        for (uint256 i = 0; i < people.logCount(); ++i) {
            People.Log memory log = logAt(i);
            (uint64 size, address anchorer, bool isSealed) = people.ANCHORS().head(log.id);
            (address owner, address offeredTo) = people.ANCHORS().ownership(log.id);
            require(size == log.size && anchorer == log.anchorer && isSealed == log.isSealed, "head");
            require(owner == log.owner && offeredTo == log.offeredTo, "ownership");
            require(people.ANCHORS().successorOf(log.id) == log.successor, "successor");
        }
    }

    /// @dev Append-only: of each log exactly the sizes that were accepted are anchored, each with its first time.
    function invariant_exactlyWhatWasAcceptedIsAnchored() public view {
        for (uint256 i = 0; i < people.logCount(); ++i) {
            People.Log memory log = logAt(i);
            for (uint64 size = 0; size <= log.size; ++size) {
                (uint64 time,) = people.ANCHORS().anchoredAt(log.id, size, people.rootOf(size));
                require(time == people.timeOf(log.id, size), "an anchor appeared, changed or was lost");
            }
        }
    }

    /// @dev A size never falls, a seal and a successor stay.
    function invariant_nothingIsTakenBack() public view {
        require(bytes(people.takenBack()).length == 0, people.takenBack());
    }

    function invariant_noEther() public view {
        require(address(people.ANCHORS()).balance == 0, "ether");
    }

    function logAt(uint256 i) private view returns (People.Log memory log) {
        (log.id, log.owner, log.offeredTo, log.anchorer, log.size, log.isSealed, log.successor) = people.logs(i);
    }
}

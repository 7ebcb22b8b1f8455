// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What an OpenAttestation DocumentStore answers, and no more: for tests of whoever asks one.
contract SmallDocumentStore {
    address private immutable _owner = msg.sender;
    mapping(bytes32 root => bool issued) private _issued;
    mapping(bytes32 hash => bool revoked) private _revoked;

    error NotOwner(address caller);

    modifier onlyOwner() {
        require(msg.sender == _owner, NotOwner(msg.sender));
        _;
    }

    function issue(bytes32 root) external onlyOwner {
        _issued[root] = true;
    }

    function revoke(bytes32 hash) external onlyOwner {
        _revoked[hash] = true;
    }

    function isIssued(bytes32 root) external view returns (bool) {
        return _issued[root];
    }

    function isRevoked(bytes32 hash) external view returns (bool) {
        return _revoked[hash];
    }
}

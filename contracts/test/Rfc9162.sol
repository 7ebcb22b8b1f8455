// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The recursive definitions of RFC 9162, section 2.1, word for word: slow, and written without a look at the
/// contract's loops, so that the two can be compared.
library Rfc9162 {
    /// @dev MTH(D[start:end]), section 2.1.1.
    function root(bytes32[] memory leaves, uint256 start, uint256 end) internal pure returns (bytes32) {
        uint256 n = end - start;
        if (n == 0) return sha256("");
        if (n == 1) return leaves[start];
        uint256 k = start + split(n);
        return sha256(abi.encodePacked(bytes1(0x01), root(leaves, start, k), root(leaves, k, end)));
    }

    /// @dev PATH(m, D[start:end]), section 2.1.3.1.
    function path(bytes32[] memory leaves, uint256 m, uint256 start, uint256 end)
        internal
        pure
        returns (bytes32[] memory)
    {
        uint256 n = end - start;
        if (n == 1) return new bytes32[](0);
        uint256 k = split(n);
        if (m < k) return append(path(leaves, m, start, start + k), root(leaves, start + k, end));
        return append(path(leaves, m - k, start + k, end), root(leaves, start, start + k));
    }

    /// @dev PROOF(m, D[0:n]) = SUBPROOF(m, D[0:n], true), section 2.1.4.1.
    function proof(bytes32[] memory leaves, uint256 m, uint256 n) internal pure returns (bytes32[] memory) {
        return subproof(leaves, m, 0, n, true);
    }

    function subproof(bytes32[] memory leaves, uint256 m, uint256 start, uint256 end, bool complete)
        internal
        pure
        returns (bytes32[] memory)
    {
        uint256 n = end - start;
        if (m == n) {
            bytes32[] memory none = new bytes32[](0);
            return complete ? none : append(none, root(leaves, start, end));
        }
        uint256 k = split(n);
        if (m <= k) {
            return append(subproof(leaves, m, start, start + k, complete), root(leaves, start + k, end));
        }
        return append(subproof(leaves, m - k, start + k, end, false), root(leaves, start, start + k));
    }

    /// @dev The largest power of two smaller than n.
    function split(uint256 n) internal pure returns (uint256 k) {
        k = 1;
        while (2 * k < n) k *= 2;
    }

    function append(bytes32[] memory items, bytes32 item) internal pure returns (bytes32[] memory longer) {
        longer = new bytes32[](items.length + 1);
        for (uint256 i = 0; i < items.length; ++i) longer[i] = items[i];
        longer[items.length] = item;
    }
}

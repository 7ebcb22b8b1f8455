// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The few cheat codes of Hardhat's test runner that our tests use. forge-std has all of them, but is on no
/// package registry.
interface Vm {
    /// @dev The next call comes from this account.
    function prank(address sender) external;
    /// @dev The next call must revert with exactly this data.
    function expectRevert(bytes calldata revertData) external;
    /// @dev The next call must emit the event that the test emits next, with these topics, data and emitter.
    function expectEmit(bool topic1, bool topic2, bool topic3, bool data, address emitter) external;
    /// @dev Sets the time of the block.
    function warp(uint256 time) external;
    /// @dev Sets the number of the block.
    function roll(uint256 number) external;
    /// @dev Gives an account this much ether.
    function deal(address account, uint256 balance) external;
    /// @dev Calls of this account whose data begin so answer with these bytes from now on.
    function mockCall(address callee, bytes calldata data, bytes calldata answer) external;
    /// @dev Throws this fuzz case away.
    function assume(bool condition) external pure;
}

Vm constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

"""The local node is our own child, on loopback, keeps its chain over a restart, and never outlives us."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anchoring import local_node
from anchoring.local_node import HOST, LocalNode, find_anvil
from certlog import tree
from certlog.errors import InvalidInput, Unavailable
from tests.support.chain import ETHER, LocalChain, account, head_of

CHAIN_ID = 424_242


def wait_for(done: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Return whether a process runs; one that ended and was not yet collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_was_anchored_is_readable_at_the_finalized_block_after_a_restart(
    tmp_path: Path, history: tree.MemoryTree
) -> None:
    state, head = tmp_path / "chain.json", head_of(history, 7)
    with LocalNode(chain_id=CHAIN_ID, state=state) as node:
        chain = LocalChain(node)
        address = chain.deploy()
        log_id = chain.open_log(chain.funded("owner"), chain.funded("anchorer"))
        mined = chain.extend(log_id, account("anchorer"), history, 7)
        wait_for(lambda: chain.anchored_at(log_id, head, "finalized") is not None, "finality")
        chain.close()
    with LocalNode(chain_id=CHAIN_ID, state=state) as node:
        chain = LocalChain(node)
        chain.address = address
        assert chain.anchored_at(log_id, head, "finalized") == (mined.block_time, mined.block_number)
        # It goes on: the next head is anchored and becomes final too.
        chain.extend(log_id, account("anchorer"), history, 9)
        wait_for(lambda: chain.anchored_at(log_id, head_of(history, 9), "finalized") is not None, "finality")
        chain.close()


def test_the_state_of_a_running_node_does_not_grow_with_every_old_state(tmp_path: Path) -> None:
    """With --preserve-historical-states these 300 blocks make more than 10 MB, and 5,000 made 1.6 GB."""
    state = tmp_path / "chain.json"
    with LocalNode(chain_id=CHAIN_ID, state=state) as node:
        node.rpc("anvil_mine", hex(300))
    assert state.stat().st_size < 2_000_000


def test_a_used_port_is_named(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        node = LocalNode(chain_id=CHAIN_ID, port=port, state=tmp_path / "chain.json")
        with pytest.raises(Unavailable, match=f"port {port} of {HOST} is used by another program"):
            node.start()
    with node:  # and when that program has gone, the same object starts
        assert node.port == port


def test_a_foreign_node_on_the_port_is_not_taken_for_ours() -> None:
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as foreign:
        ours = LocalNode(chain_id=CHAIN_ID, port=foreign.port)
        with pytest.raises(Unavailable, match="is used by another program"):
            ours.start()
        assert foreign.rpc("eth_chainId") == hex(CHAIN_ID)


def test_two_nodes_choose_two_free_ports() -> None:
    with (
        LocalNode(chain_id=CHAIN_ID, block_time=None) as one,
        LocalNode(chain_id=CHAIN_ID, block_time=None) as two,
    ):
        assert one.port != two.port


def test_it_listens_on_loopback_only() -> None:
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as node:
        listening = [
            line.split()[1]
            for name in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{name}").read_text("utf-8").splitlines()[1:]
            if line.split()[1].endswith(f":{node.port:04X}") and line.split()[3] == "0A"
        ]
    assert listening == [f"0100007F:{node_port(listening[0]):04X}"]


def node_port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def test_nobody_has_an_account_on_it() -> None:
    """Anvil's usual accounts have keys that everyone knows."""
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as node:
        assert node.rpc("eth_accounts") == []


def test_accounts_are_funded() -> None:
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as node:
        node.fund(account("payer"), 3 * ETHER)
        assert int(node.rpc("eth_getBalance", account("payer"), "latest"), 16) == 3 * ETHER


def test_a_chain_that_is_set_up_can_be_slowed_down() -> None:
    with LocalNode(chain_id=CHAIN_ID, block_time=1) as node:
        wait_for(lambda: node.rpc("eth_blockNumber") != "0x0", "a block")
        node.set_block_time(3600)
        before = node.rpc("eth_blockNumber")
        time.sleep(2.2)
        assert node.rpc("eth_blockNumber") == before


def test_an_error_of_the_node_is_passed_on() -> None:
    with (
        LocalNode(chain_id=CHAIN_ID, block_time=None) as node,
        pytest.raises(Unavailable, match="answered no_such_method with an error"),
    ):
        node.rpc("no_such_method")


def test_a_stopped_node_says_so() -> None:
    node = LocalNode(chain_id=CHAIN_ID, block_time=None)
    with node:
        pid = node.pid
    assert not runs(pid)
    for use in (lambda: node.url, lambda: node.pid, lambda: node.rpc("eth_chainId")):
        with pytest.raises(Unavailable, match="the local node is not running"):
            use()
    node.stop()


def test_a_node_that_died_gives_no_answer() -> None:
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as node:
        os.kill(node.pid, signal.SIGKILL)
        wait_for(lambda: not runs(node.pid), "the end of the node")
        with pytest.raises(Unavailable, match="gave no answer to eth_chainId"):
            node.rpc("eth_chainId")


def test_it_cannot_be_started_twice() -> None:
    with (
        LocalNode(chain_id=CHAIN_ID, block_time=None) as node,
        pytest.raises(Unavailable, match=f"already runs at http://127.0.0.1:{node.port}"),
    ):
        node.start()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_it_ends_and_keeps_its_state_when_its_starter_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from anchoring.local_node import LocalNode\n"
        f"node = LocalNode(chain_id={CHAIN_ID}, block_time=None, state=Path(sys.argv[1]))\n"
        "node.start()\n"
        f"node.fund('{account('payer')}', 5)\n"
        "node.rpc('anvil_mine', '0x3')\n"
        "print(node.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    state = tmp_path / "chain.json"
    root = Path(local_node.__file__).resolve().parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", program, str(state)], cwd=root, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    wait_for(lambda: not runs(pid), "the end of the orphan")
    with LocalNode(chain_id=CHAIN_ID, state=state) as node:
        assert int(node.rpc("eth_getBalance", account("payer"), "latest"), 16) == 5


def test_a_damaged_state_is_named_and_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "chain.json"
    state.write_text('{"block":', encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"chain\.json: the local chain's state is damaged") as caught:
        LocalNode(chain_id=CHAIN_ID, state=state).start()
    assert caught.value.code == "damaged-chain-state"
    assert state.read_text("utf-8") == '{"block":'


def test_a_state_that_could_not_be_written_is_refused_before_the_start(tmp_path: Path) -> None:
    """Anvil itself would start, say nothing, and lose the chain."""
    with pytest.raises(InvalidInput, match="the folder must exist and be writable") as caught:
        LocalNode(chain_id=CHAIN_ID, state=tmp_path / "none" / "chain.json").start()
    assert caught.value.code == "state-not-writable"


def test_a_missing_binary_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"node_modules/@foundry-rs/anvil-.*found nothing.*make setup"):
        find_anvil(tmp_path)


def test_another_program_instead_of_anvil_is_noticed(tmp_path: Path) -> None:
    program = tmp_path / "anvil"
    program.write_text("#!/bin/sh\necho 'not a node'\nexit 3\n", encoding="utf-8")
    program.chmod(0o700)
    with pytest.raises(Unavailable, match="ended at its start; it said: not a node"):
        LocalNode(chain_id=CHAIN_ID, binary=program).start()


def test_a_node_that_never_listens_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "anvil"
    program.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(local_node, "START_SECONDS", 0.3)
    with pytest.raises(Unavailable, match="waited 0 s for the local node to listen"):
        LocalNode(chain_id=CHAIN_ID, binary=program).start()

"""The doctor's looks at anchoring: what stands in its database, the key, and the chain as its node shows it now."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from anchoring.lines import file_name, keystore, line_names, load_line, load_lines
from anchoring.settings import AnchoringSettings
from anchoring.store import AnchorStore, Poll
from certlog.errors import CertlogError, InvalidInput
from certlog.sentences import Sentence
from cli.anchoring import open_settings_chain
from cli.doctor_findings import Check, Finding, Level, bad, examine, good, warning

ANCHOR_GAS: Final = 80_000
FEW_ANCHORS: Final = 100
SILENT: Final = 600
"""Seconds after which a worker that says nothing is not taken to run."""
_OTHERS: Final = 0o077
_LATE_FACTOR: Final = 2


def anchoring_checks(folder: Path, now: Callable[[], int]) -> list[Check]:
    """Return the looks at a data folder's anchoring."""
    names = line_names(folder)
    if not names:
        return [Check("anchoring", _not_anchoring)]
    checks = [Check("anchoring", lambda: _together(folder))]
    for name in names:
        checks += _line_checks(folder, name, now, several=len(names) > 1)
    return checks


def _line_checks(folder: Path, name: str, now: Callable[[], int], *, several: bool) -> list[Check]:
    def named(subject: str, look: Callable[[AnchoringSettings], Iterator[Finding]]) -> Iterator[Finding]:
        for finding in examine(Check(subject, lambda: look(load_line(folder, name)))):
            text = Sentence("{line}: {text}", line=name, text=finding.text)
            yield replace(finding, text=text) if several else finding

    return [
        Check("anchoring", lambda: named("anchoring", lambda settings: _batches(settings, folder, now))),
        Check(
            "anchoring-key",
            lambda: named("anchoring-key", lambda settings: _key(settings, folder / keystore(name))),
        ),
        Check(
            "chain", lambda: named("chain", lambda settings: _chain(settings, folder / file_name(name), now))
        ),
    ]


def _together(folder: Path) -> Iterator[Finding]:
    lines = load_lines(folder)
    if [settings.chain_class for settings in lines.values()] == ["consortium"]:
        text = Sentence("one chain, run by a few, is the only witness of the log")
        yield warning("anchoring", text, Sentence("add another: certlog anchor open-log --line second"))


def _not_anchoring() -> Iterator[Finding]:
    text = Sentence("no chain is set up: certificates stay pending")
    yield warning("anchoring", text, Sentence("see docs/anchoring.md"))


def _batches(settings: AnchoringSettings, folder: Path, now: Callable[[], int]) -> Iterator[Finding]:
    store = AnchorStore.open(settings.address(folder))
    try:
        store.database.check()
        poll, final = store.poll(settings.target()), store.latest_final(settings.target())
    finally:
        store.database.close()
    if poll is not None and poll.halt is not None:
        text = Sentence("stopped: {reason}: {detail}", reason=poll.halt.reason, detail=poll.halt.detail)
        yield bad("anchoring", text, Sentence("docs/anchoring.md says what to do for each reason"))
    if poll is not None and poll.problem:
        yield warning("anchoring", Sentence("its last complaint: {problem}", problem=poll.problem))
    if poll is not None and poll.halt is None:
        yield from _silence(poll, now())
    if final is None or final.block_time is None:
        yield warning("anchoring", Sentence("nothing is anchored yet"))
        return
    age = now() - final.block_time
    text = Sentence(
        "the newest anchor holds {size} entries and is {minutes} minutes old",
        size=final.size,
        minutes=age // 60,
    )
    late = age > _LATE_FACTOR * max(settings.heartbeat, settings.max_delay)
    yield Finding("anchoring", Level.WARNING if late else Level.GOOD, text)


def _silence(poll: Poll, at: int) -> Iterator[Finding]:
    """A worker that runs and has not halted reads the chain, or complains that it cannot, at least once a minute."""
    heard = max(poll.read_at or 0, poll.problem_at or 0)
    if heard and at - heard > SILENT:
        text = Sentence("nothing was heard of its worker for {minutes} minutes", minutes=(at - heard) // 60)
        remedy = Sentence(
            "start it: certlog registry serve; where it runs, it has said why this line has stopped"
        )
        yield bad("anchoring", text, remedy)


def _key(settings: AnchoringSettings, path: Path) -> Iterator[Finding]:
    if settings.pkcs11_module is not None:
        yield from _token(settings, Path(settings.pkcs11_module))
        return
    if not path.is_file():
        text = Sentence("{path} is missing: nothing can be anchored", path=path)
        yield bad("anchoring-key", text, Sentence("bring it back from your own copy"))
    elif path.stat().st_mode & _OTHERS:
        text = Sentence("others may read {path}", path=path)
        yield warning("anchoring-key", text, Sentence("chmod 600 {path}", path=path))
    else:
        yield good("anchoring-key", Sentence("{path} is there, for its owner only", path=path))


def _token(settings: AnchoringSettings, module: Path) -> Iterator[Finding]:
    """Nothing is tried without the PIN: it is not known here."""
    if not module.is_file():
        text = Sentence("there is no PKCS#11 library at {module}", module=module)
        yield bad("anchoring-key", text, Sentence("install the token's library, or correct pkcs11_module"))
    else:
        text = Sentence("in token {token}, under {key}", token=settings.pkcs11_token, key=settings.pkcs11_key)
        yield good("anchoring-key", text)


def _chain(settings: AnchoringSettings, path: Path, now: Callable[[], int]) -> Iterator[Finding]:
    from anchoring.deploy import require_chain  # noqa: PLC0415 - web3 costs over a second to import
    from anchoring.fees import fees_now  # noqa: PLC0415 - as above

    with open_settings_chain(settings) as chain:
        try:
            require_chain(chain, settings.chain_id)
            latest, final = chain.latest(), chain.finalized()
            code_hash = "0x" + chain.code_hash().hex()
            head = chain.head(bytes.fromhex(settings.log_id[2:]), latest)
            balance = chain.balance(settings.account, latest)
        except CertlogError as error:
            yield _unreachable(error, settings, path)
            return
        fees = fees_now(settings.fees(), latest.base_fee, chain.gas_price)
    yield good(
        "chain",
        Sentence(
            "chain {chain_id}, block {number}, final to {final}",
            chain_id=settings.chain_id,
            number=latest.number,
            final=final.number,
        ),
    )
    if code_hash != settings.code_hash:
        text = Sentence(
            "expected code {wanted} at the contract, found {found}",
            wanted=settings.code_hash,
            found=code_hash,
        )
        yield bad("chain", text, Sentence("this is not the contract that was pinned: anchor nothing"))
    if (age := now() - latest.time) > settings.max_head_age:
        text = Sentence("the node's newest block is {minutes} minutes old", minutes=age // 60)
        yield bad("chain", text, Sentence("the node is behind, or the clock is wrong"))
    if head.anchorer != settings.account:
        text = Sentence(
            "the contract lets {found} append, not {account}", found=head.anchorer, account=settings.account
        )
        yield warning("chain", text, Sentence("the worker opens the log if the account owns it"))
    left = balance // (ANCHOR_GAS * fees.max_fee) if fees.max_fee else FEW_ANCHORS
    text = Sentence("the account can pay for about {count} anchors", count=left)
    if left < FEW_ANCHORS:
        level = Level.WARNING if left else Level.BAD
        yield Finding("chain", level, text, Sentence("send some coin to {account}", account=settings.account))
    else:
        yield good("chain", text)


def _unreachable(error: CertlogError, settings: AnchoringSettings, path: Path) -> Finding:
    """Return that no node, or too few, gave a usable answer, and which settings name them."""
    if isinstance(error, InvalidInput):
        remedy = Sentence("correct endpoints or chain_id in {path}, then certlog anchor resume", path=path)
    elif len(settings.endpoints) == 1:
        remedy = Sentence(
            "start the node, or correct endpoints in {path}; until then certificates wait, and nothing is lost",
            path=path,
        )
    else:
        remedy = Sentence(
            "{quorum} nodes must answer alike: start those that are down, or correct endpoints and quorum in {path}; "
            "until then certificates wait, and nothing is lost",
            quorum=settings.needed(),
            path=path,
        )
    return bad("chain", str(error), remedy)

"""The acts of the demo, in order: chain, keys, contract, registry, enrolment, issuing, anchoring, checking, cheating.

Each act uses `certlog` commands through the stage, or looks at the registry over HTTP as anyone could.
"""

import json
import re
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from anchoring.local_node import LocalNode
from certlog.certificate_id import format_id
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from cli.demo_calibration import MEASURANDS, check_calibration, issue_calibrations
from cli.demo_parts import ServeProcess, get, get_json
from cli.demo_return import Left, find_again, follow_trust_root
from cli.demo_settings import Settings, require_free
from cli.demo_stage import Stage, shown
from cli.demo_tricks import alter_copy, doctor_pdf
from cli.language import in_words

ORIGIN: Final = "registry.example.vn/demo"
EPOCH_SECONDS: Final = 2
_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{40}\b")
SERVING_BLOCK_SECONDS: Final = 12
_EXAMPLES: Final = Path(__file__).resolve().parent.parent / "examples"
AUTHORITY: Final = "Ủy ban Tiêu chuẩn Đo lường Chất lượng Quốc gia"
REGULATIONS: Final = (
    "QCVN 2:2021/BKHCN",
    "QCVN 3:2019/BKHCN",
    "QCVN 4:2009/BKHCN",
    "QCVN 7:2019/BKHCN",
    "QCVN 9:2012/BKHCN",
)
ACCREDITER: Final = "Văn phòng Công nhận Chất lượng (BoA)"


class Acts:
    """One run of the demo; entered, it has nothing running; left, nothing runs any more."""

    def __init__(self, stage: Stage, settings: Settings) -> None:
        """Play on this stage, in the settings' folder."""
        self._stage = stage
        self._settings = settings
        self._folder = Path(settings.folder).resolve()
        self._data = self._folder / "data"
        self._url = f"http://127.0.0.1:{settings.port}"
        self._running = ExitStack()
        self._server: ServeProcess | None = None
        self._standing: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server, then the chain."""
        self._running.close()

    def play(self) -> None:
        """Play every act from the beginning."""
        self._chain()
        self._keys()
        self._contract_and_registry()
        self._serve()
        self._enrol()
        issued = self._issue()
        calibrated = issue_calibrations(self._stage, self._desk("laboratory"))
        self._anchor(issued)
        self._verify_all(issued)
        check_calibration(self._stage, calibrated[0], self._trusting(), self._url)
        self._cheat(issued)
        self._change_status(issued)
        self._settings = replace(
            self._settings,
            done=True,
            good=issued[0]["id"],
            suspended=issued[4]["id"],
            withdrawn=issued[8]["id"],
            calibrated=calibrated[0]["id"],
        )
        self._settings.write()

    def come_back(self) -> None:
        """Start again on what an earlier run left; whatever was lawfully done since is found, and said."""
        self._chain()
        self._serve()
        stage = self._stage
        stage.step(Sentence("What the earlier run made survived the restart"))
        root = self._folder / "trust-root.json"
        follow_trust_root(stage, root, TrustRoot.parse(get(f"{self._url}/api/v1/trust-root")))
        stage.run("audit", self._url, "--trust-root", root, "--offline")
        for left in self._left:
            page = partial(self._page_verdict, left.identifier)
            verify = partial(stage.verdict, left.identifier, *self._trusting())
            self._standing[left.identifier] = find_again(stage, left, page, verify, self._alive())

    @property
    def _left(self) -> tuple[Left, ...]:
        """The certificates that the first run showed."""
        found = self._settings
        return (
            Left(found.good, "valid"),
            Left(found.suspended, "suspended"),
            Left(found.withdrawn, "withdrawn"),
        )

    def addresses(self) -> list[tuple[str, str]]:
        """Return what to open, with labels in both languages."""
        page = f"{self._url}/c"
        return [
            *(
                (shown(self._standing.get(left.identifier, left.verdict)), f"{page}/{left.identifier}")
                for left in self._left
            ),
            (Sentence("Calibration, sealed"), f"{page}/{self._settings.calibrated}"),
            (Sentence("Anchoring log"), f"{self._url}/log"),
            (Sentence("Trust root"), f"{self._url}/trust"),
            ("API", f"{self._url}/docs"),
        ]

    def qr_text(self) -> str:
        """Return the text of the valid certificate's QR code."""
        return f"{self._url}/c/{self._settings.good}".upper()

    def serve_until_interrupted(self) -> None:
        """Keep everything running until Ctrl-C."""
        # A state file that is written each second grows with every block: slow down once nothing waits for blocks.
        self._node.set_block_time(SERVING_BLOCK_SECONDS)
        self._stage.console.print(
            "\n" + in_words(Sentence("Serving; Ctrl-C stops. (make demo ARGS=--fresh begins again)"))
        )
        while self._server is not None and self._server.alive():
            time.sleep(0.5)
        raise Unavailable(Sentence("the registry has stopped; see {log}", log=self._folder / "serve.log"))

    def _chain(self) -> None:
        self._stage.step(Sentence("Start a real chain node (Anvil) on this machine"))
        (self._folder / "chain").mkdir(exist_ok=True)
        self._node = self._running.enter_context(
            LocalNode(
                chain_id=self._settings.chain_id,
                port=self._settings.chain_port,
                state=self._folder / "chain" / "state.json",
            )
        )
        self._stage.say(
            Sentence(
                "{url}, chain id {chain_id}: a test chain",
                url=self._node.url,
                chain_id=self._settings.chain_id,
            )
        )

    def _keys(self) -> None:
        self._stage.step(Sentence("Make throw-away keys, each on its owner's own desk"))
        for desk in ("operator", "body", "laboratory", "chain"):
            (self._folder / desk).mkdir(exist_ok=True)
            self._passphrase(desk).write_text(secrets.token_urlsafe(24) + "\n", "utf-8")
            self._passphrase(desk).chmod(0o600)
        run, secret = self._stage.run, self._secret
        run("operator", "keygen", "--out", self._folder / "operator/operator.pem", *secret("operator"))
        run(
            "operator",
            "keygen",
            "--out",
            self._folder / "operator/recovery.pem",
            *secret("operator"),
            quiet=True,
        )
        run("issuer", "keygen", "--out", self._folder / "body/body.pem", *secret("body"))
        run(
            "issuer",
            "keygen",
            "--type",
            "p256",
            "--out",
            self._folder / "laboratory/laboratory.pem",
            *secret("laboratory"),
        )
        self._owner = run(
            "anchor", "keygen", "--out", self._folder / "chain/owner.json", *secret("chain")
        ).strip()

    def _contract_and_registry(self) -> None:
        self._stage.step(Sentence("Deploy the contract, make the registry, open its log on the chain"))
        stage, settings = self._stage, self._settings
        stage.run(
            "registry", "init", "--data", self._data, "--origin", ORIGIN, "--public-url", self._url,
            "--operator-key", self._folder / "operator/operator.pub.json",
            "--recovery-key", self._folder / "operator/recovery.pub.json",
            "--epoch-interval", str(EPOCH_SECONDS),
        )  # fmt: skip
        secret = self._secret("chain")
        anchorer = stage.run("anchor", "keygen", "--out", self._data / "keys/anchorer.json", *secret).strip()
        for account in (self._owner, anchorer):
            self._node.fund(account, 10**18)
        at_chain = ("--endpoint", self._node.url, "--chain-id", str(settings.chain_id))
        owner = ("--keystore", self._folder / "chain/owner.json", *secret)
        deployed = stage.run("anchor", "deploy", *at_chain, *owner)
        contract = _ADDRESS.findall(deployed)[0]
        stage.say(deployed.strip().replace("\n", "; "))
        stage.run(
            "anchor", "open-log", "--data", self._data, *at_chain, *owner, "--contract", contract,
            "--origin", ORIGIN, "--anchorer", anchorer, "--class", "local",
        )  # fmt: skip
        stage.run("registry", "trust-root", "--data", self._data)

    def _serve(self) -> None:
        self._stage.step(Sentence("Serve: API, pages, signing and anchoring"))
        require_free(self._settings.port)
        self._server = self._running.enter_context(
            ServeProcess(
                self._data, self._settings.port, self._passphrase("chain"), self._folder / "serve.log"
            )
        )
        self._stage.wait(self._url, self._is_up, seconds=60, alive=[self._server.alive])

    def _enrol(self) -> None:
        self._stage.step(
            Sentence("Enrol a certification body and a laboratory: the operator signs away from the server")
        )
        self._token("operator", self._did("operator"))
        today = datetime.now(UTC).date().isoformat()
        self._enrol_one("body", "Trung tâm Chứng nhận Mẫu", "Mau Certification Centre", "0109999999")
        self._enrol_one("laboratory", "Phòng Hiệu chuẩn Mẫu", "Mau Calibration Laboratory", "0108888888")
        told = ("--source-url", "https://registry.example.vn/decisions/mau", "--source-date", today)
        standards = [word for name in REGULATIONS for word in ("--standard", name)]
        since = ("--from", "2025-01-01")
        accredited = ("--kind", "accreditation", "--authority", ACCREDITER, *since, *told)
        self._operate(
            "grant-scope", self._did("body"), "--kind", "designation", "--authority", AUTHORITY,
            *standards, *since, "--until", "2035-12-31", *told,
        )  # fmt: skip
        self._operate("grant-scope", self._did("body"), *accredited, "--standard", "ISO 9001:2015")
        measurands = [word for name in MEASURANDS for word in ("--measurand", name)]
        self._operate("grant-scope", self._did("laboratory"), *accredited, *measurands)

    def _issue(self) -> list[dict[str, Any]]:
        self._stage.step(
            Sentence("Issue 20 certificates from a spreadsheet: sign here, print PDFs with QR, submit")
        )
        said = self._stage.run("issuer", "issue", _EXAMPLES / "conformity.csv", *self._desk(), "--json")
        report = json.loads(said)
        self._stage.expect(Sentence("certificates"), len(report["issued"]), 20)
        self._stage.expect(Sentence("refused"), report["refused"], [])
        return list(report["issued"])

    def _anchor(self, issued: list[dict[str, Any]]) -> None:
        self._stage.step(Sentence("Anchor the log's root on the chain and wait until its block is final"))
        self._stage.run("anchor", "now", "--data", self._data)
        self._wait_for_verdict(issued[-1]["id"], "valid")
        for batch in reversed(get_json(f"{self._url}/api/v1/anchors")["batches"]):
            self._stage.say(
                Sentence(
                    "batch {number}, {state}: {size} entries, transaction {transaction}, block of {time}",
                    number=batch["number"],
                    state=batch["state"],
                    size=batch["size"],
                    transaction=batch["txHash"],
                    time=batch["blockTime"],
                )
            )

    def _verify_all(self, issued: list[dict[str, Any]]) -> None:
        self._stage.step(Sentence("Verify all 20 without trusting the registry: evidence, PDF and chain"))
        self._stage.run(
            "trust-root", "export", "--registry", self._url, "-o", self._folder / "trust-root.json"
        )
        found: list[str] = []
        with self._stage.console.status("   …"):
            for one in issued:
                self._save_evidence(one)
                found.append(self._stage.verdict(one["pdf"], *self._trusting()))
        shown = Path(issued[0]["pdf"])
        self._stage.console.print(
            f"   [cyan]$ certlog verify {shown.name} --trust-root trust-root.json[/]  (× {len(issued)})",
            highlight=False,
        )
        self._stage.expect(Sentence("PDF: genuine and valid"), found.count("valid"), len(issued))

    def _cheat(self, issued: list[dict[str, Any]]) -> None:
        self._stage.step(Sentence("Try to cheat"))
        cheats = self._folder / "cheats"
        cheats.mkdir(exist_ok=True)
        copy, doctored = cheats / "altered.certlog.json", cheats / "doctored.pdf"
        changed = alter_copy(self._evidence_path(issued[1]), copy)
        self._stage.say(Sentence("a copy altered: {changed}", changed=changed))
        self._stage.expect(Sentence("altered copy"), self._stage.verdict(copy, *self._trusting()), "altered")
        changed = doctor_pdf(Path(issued[2]["pdf"]), doctored, self._url)
        evidence = ("--evidence", self._evidence_path(issued[2]))
        found = self._stage.verdict(doctored, *evidence, *self._trusting())
        self._stage.say(
            Sentence("one printed digit altered, the attachment kept: {changed}", changed=changed)
        )
        self._stage.expect(Sentence("doctored PDF"), found, "altered")

    def _change_status(self, issued: list[dict[str, Any]]) -> None:
        self._stage.step(Sentence("Suspend one certificate, withdraw another"))
        desk = self._desk()
        self._stage.run("issuer", "suspend", issued[4]["number"], "--reason", "surveillance_overdue", *desk)
        self._stage.run("issuer", "withdraw", issued[8]["number"], "--reason", "nonconformity", *desk)
        for one, wanted in ((issued[4], "suspended"), (issued[8], "withdrawn")):
            # The page says it at once; a proof of it exists from the next epoch on.
            self._wait_for_verdict(one["id"], wanted)
            self._wait_for_proof(one["id"], wanted)
            self._stage.expect(one["number"], self._stage.verdict(one["id"], *self._trusting()), wanted)

    def _enrol_one(self, desk: str, name: str, name_en: str, legal_id: str) -> None:
        public = self._folder / desk / f"{desk}.pub.json"
        key = ("--key", self._folder / desk / f"{desk}.pem", *self._secret(desk))
        self._stage.run("issuer", "prove-key", *key, "--registry", self._url)
        self._operate("enrol", public, "--name", name, "--name-en", name_en, "--legal-id", legal_id)
        self._token(desk, self._did(desk))

    def _token(self, desk: str, did: str) -> None:
        token = self._stage.run("registry", "token", "create", "--data", self._data, "--did", did, quiet=True)
        path = self._folder / desk / "token"
        path.touch(mode=0o600)
        path.write_text(token, "utf-8")

    def _operate(self, command: str, *words: str | Path) -> None:
        key = ("--key", self._folder / "operator/operator.pem", *self._secret("operator"))
        where = ("--registry", self._url, "--token-file", self._folder / "operator/token")
        self._stage.run("operator", command, *words, *key, *where)

    def _desk(self, name: str = "body") -> tuple[str | Path, ...]:
        desk = self._folder / name
        key = ("--key", desk / f"{name}.pem", *self._secret(name))
        return (*key, "--out", desk / "out", "--registry", self._url, "--token-file", desk / "token")

    def _did(self, desk: str) -> str:
        return str(json.loads((self._folder / desk / f"{desk}.pub.json").read_bytes())["did"])

    def _passphrase(self, desk: str) -> Path:
        return self._folder / desk / "passphrase"

    def _secret(self, desk: str) -> tuple[str, Path]:
        return "--passphrase-file", self._passphrase(desk)

    def _trusting(self) -> tuple[str | Path, ...]:
        return "--trust-root", self._folder / "trust-root.json", "--registry", self._url

    def _evidence_path(self, one: dict[str, Any]) -> Path:
        return Path(one["pdf"]).with_suffix(".certlog.json")

    def _save_evidence(self, one: dict[str, Any]) -> None:
        self._evidence_path(one).write_bytes(get(f"{self._url}/api/v1/certificates/{one['id']}/evidence"))

    def _wait_for_verdict(self, identifier: str, wanted: str) -> None:
        what = f"{format_id(identifier)}: {shown(wanted)}"
        ready = partial(self._page_verdict, identifier)
        self._stage.wait(what, lambda: ready() == wanted, seconds=90, alive=self._alive())

    def _page_verdict(self, identifier: str) -> str:
        return str(get_json(f"{self._url}/api/v1/certificates/{identifier}")["verdict"])

    def _alive(self) -> list[Callable[[], bool]]:
        return [] if self._server is None else [self._server.alive]

    def _wait_for_proof(self, identifier: str, wanted: str) -> None:
        proven = partial(self._stage.verdict, identifier, *self._trusting())
        what = Sentence("{identifier}: the proof", identifier=format_id(identifier))
        self._stage.wait(what, lambda: proven() == wanted, seconds=60, alive=self._alive())

    def _is_up(self) -> bool:
        try:
            return bool(get(f"{self._url}/checkpoint"))
        except Unavailable:
            return False

"""What the monitor sends: signed webhooks to public addresses, mail over STARTTLS, and an outbox that loses nothing."""

import datetime
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from certlog.errors import InvalidInput, NotTrusted, Unavailable
from cli import webhook
from cli.mail import Mailbox, check_address
from cli.outbox import FIRST_PAUSE, LONGEST_PAUSE, MAX_AGE, MAX_WAITING, Outbox
from cli.webhook import Webhook, read_secret
from registry.witnessing import WitnessAnswer
from tests.support.controls import Control, require_failure
from tests.support.witness import send, served
from verifier import webhook_signature
from verifier.webhook_signature import check_webhook, format_secret, parse_secret, signed_headers

NOW: Final = 1_795_000_000
SECRET: Final = b"s" * 32
LOOPBACK: Final = frozenset({"127.0.0.1"})


# --- webhook -------------------------------------------------------------------------------------------------------


def test_a_message_arrives_signed_and_the_receivers_check_takes_it() -> None:
    got: list[str] = []

    def receive(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        assert handler.headers["Content-Type"] == "application/json"
        got.append(check_webhook(SECRET, dict(handler.headers.items()), body, now=NOW + 200))
        send(handler, WitnessAnswer(204, "text/plain", b""))

    with served(receive) as url:
        Webhook(f"{url}/hook", SECRET, LOOPBACK).send("msg-1", '{"v":1,"đ":"ơ"}', now=NOW)
    assert got == ["msg-1"]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 500, 503])
def test_any_other_status_means_that_it_was_not_taken(status: int) -> None:
    answer = WitnessAnswer(status, "text/plain", b"")
    told = pytest.raises(Unavailable, match=f"the webhook answered {status}")
    with served(lambda handler, _: send(handler, answer)) as url, told:
        Webhook(url, SECRET, LOOPBACK).send("m", "{}", now=NOW)


def test_a_webhook_at_an_inner_address_is_not_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fd00::1"):
        monkeypatch.setattr(
            "cli.outgoing.socket.getaddrinfo", lambda *_, a=address, **__: [(0, 0, 0, "", (a, 443))]
        )
        with pytest.raises(NotTrusted, match="nothing was sent"):
            Webhook("https://hook.example.vn/x", SECRET).send("m", "{}", now=NOW)


@pytest.mark.parametrize("url", ["http://hook.example.vn/", "ftp://hook.example.vn/", "hook.example.vn"])
def test_a_webhook_without_tls_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="expected an https address"):
        Webhook(url, SECRET)


def test_a_changed_late_or_foreign_message_is_refused_by_the_receiver() -> None:
    headers = signed_headers(SECRET, "m", NOW, b"body")
    assert check_webhook(SECRET, headers, b"body", now=NOW) == "m"
    for secret, body, now, error in (
        (SECRET, b"Body", NOW, NotTrusted),
        (b"t" * 32, b"body", NOW, NotTrusted),
        (SECRET, b"body", NOW + 301, NotTrusted),
        (SECRET, b"body", NOW - 301, NotTrusted),
        (SECRET, b"x" * 65_537, NOW, InvalidInput),
    ):
        with pytest.raises(error):
            check_webhook(secret, headers, body, now=now)
    for missing in headers:
        fewer = {name: value for name, value in headers.items() if name != missing}
        with pytest.raises((InvalidInput, NotTrusted)):
            check_webhook(SECRET, fewer, b"body", now=NOW)


def test_the_secret_is_made_for_its_owner_only_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret = read_secret(path)
    assert (len(secret), path.stat().st_mode & 0o777, read_secret(path)) == (32, 0o600, secret)
    assert "secret" not in repr(Webhook("https://x.example.vn", secret)).replace("read_secret", "")
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="others can read .*chmod 600"):
        read_secret(path)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_AAAA", "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "whsec_*", "whsec_" + "A" * 100]
)
def test_another_text_is_no_secret_and_is_not_shown(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected a webhook secret") as caught:
        parse_secret(text)
    assert "c2Vj" not in str(caught.value)
    assert parse_secret(f" {format_secret(SECRET)}\n") == SECRET


# --- mail ----------------------------------------------------------------------------------------------------------


class Inbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def texts(self) -> list[str]:
        return [cast("bytes", envelope.content).decode() for envelope in self.envelopes]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate of 127.0.0.1 that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.vn")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("mail") / "mail.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def free_port() -> int:
    """Return a port that nobody listens on: aiosmtpd wants to be told one."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox, certificate: Path) -> Iterator[int]:
    """Run a mail server that takes mail after STARTTLS and login only; return its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    check = lambda _s, _session, _e, _m, data: AuthResult(success=data.password == b"right", handled=False)  # noqa: E731 - aiosmtpd's port
    controller = Controller(
        inbox,
        "127.0.0.1",
        free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )
    yield from _running(controller)


def _running(controller: Controller) -> Iterator[int]:
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def mailbox(port: int, certificate: Path | None, **changes: Any) -> Mailbox:
    told = {"user": "monitor", "password": "right", "authority": certificate} | changes
    return Mailbox("127.0.0.1", port, "monitor@example.vn", ("duty@example.vn", "boss@example.vn"), **told)


def test_mail_arrives_after_starttls_and_login(server: int, inbox: Inbox, certificate: Path) -> None:
    mailbox(server, certificate).send("msg-1", "2 ALARMS", "Chứng nhận\n.\nđáng ngờ\n", now=NOW)
    (envelope,) = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "monitor@example.vn",
        ["duty@example.vn", "boss@example.vn"],
    )
    assert "Subject: 2 ALARMS\r\n" in inbox.texts[0]
    assert "Message-ID: <msg-1@example.vn>" in inbox.texts[0]


@pytest.mark.parametrize(
    "subject",
    ["a\r\nBcc: thief@example.org", "a\nBcc: x@example.org\n\nbody", "a\x00b", "x" * 5000, "đ\u2028ơ"],
)
def test_no_header_can_be_smuggled_in(server: int, inbox: Inbox, certificate: Path, subject: str) -> None:
    mailbox(server, certificate).send("m", subject, "text\r\n\r\nBcc: y@example.org", now=NOW)
    head = inbox.texts[0].partition("\r\n\r\n")[0]
    assert not [line for line in head.split("\r\n") if line.lower().startswith("bcc")]
    assert inbox.envelopes[0].rcpt_tos == ["duty@example.vn", "boss@example.vn"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        "x@",
        "@y",
        "a@b\r\nRCPT TO:<c@d>",
        "a b@c",
        "A <a@b.vn>",
        "a@b.vn,c@d.vn",
        "đ@b.vn",
        "a@" + "b" * 300,
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="expected an e-mail address"):
        check_address(address)


def test_a_server_whom_nobody_vouches_for_gets_neither_mail_nor_password(server: int, inbox: Inbox) -> None:
    with pytest.raises(Unavailable, match="certificate verify failed"):
        mailbox(server, None).send("m", "s", "t", now=NOW)
    assert inbox.envelopes == []


def test_a_wrong_password_is_said(server: int, certificate: Path) -> None:
    with pytest.raises(Unavailable, match="mail through 127.0.0.1") as caught:
        mailbox(server, certificate, password="wrong").send("m", "s", "t", now=NOW)
    assert "wrong" not in str(caught.value)


def test_without_starttls_no_password_is_sent_and_only_this_machine_is_spoken_to(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for port in _running(Controller(inbox, "127.0.0.1", free_port())):
        with pytest.raises(Unavailable, match="offers no STARTTLS; nothing was sent"):
            mailbox(port, None).send("m", "s", "t", now=NOW)
        mailbox(port, None, user="").send("m", "s", "t", now=NOW)
        assert len(inbox.envelopes) == 1
        monkeypatch.setattr("cli.mail._is_this_machine", lambda _: False)
        with pytest.raises(Unavailable, match="offers no STARTTLS"):
            mailbox(port, None, user="").send("m", "s", "t", now=NOW)
        assert len(inbox.envelopes) == 1


# --- outbox --------------------------------------------------------------------------------------------------------


def test_messages_wait_in_order_and_survive_another_process(tmp_path: Path) -> None:
    for number in range(3):
        assert Outbox(tmp_path / "out").add(f"m{number}", "webhook", f"body {number} đ", now=NOW + number)
    found = Outbox(tmp_path / "out").waiting()
    assert [(message.id, message.body, message.attempts) for message in found] == [
        (f"m{n}", f"body {n} đ", 0) for n in range(3)
    ]
    Outbox(tmp_path / "out").delivered(found[0])
    assert [message.id for message in Outbox(tmp_path / "out").waiting()] == ["m1", "m2"]


def test_each_failure_puts_a_message_off_twice_as_long_and_a_week_ends_it(tmp_path: Path) -> None:
    outbox, now, pauses = Outbox(tmp_path / "out"), NOW, []
    outbox.add("m", "webhook", "b", now=now)
    while True:
        (message,) = outbox.waiting()
        now = message.due
        if outbox.failed(message, now=now):
            break
        pauses.append(outbox.waiting()[0].due - now)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert max(pauses) == LONGEST_PAUSE
    assert MAX_AGE < now - NOW <= MAX_AGE + LONGEST_PAUSE
    assert outbox.waiting() == []


def test_a_full_outbox_refuses_and_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_WAITING == 1000
    monkeypatch.setattr("cli.outbox.MAX_WAITING", 3)
    outbox = Outbox(tmp_path / "out")
    assert [outbox.add(f"m{n}", "mail", "b", now=NOW) for n in range(5)] == [True] * 3 + [False] * 2
    assert [message.id for message in outbox.waiting()] == ["m0", "m1", "m2"]


def test_a_damaged_message_is_left_alone_and_the_others_go(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "out")
    outbox.add("m0", "mail", "b", now=NOW)
    outbox.add("m1", "mail", "b", now=NOW)
    (tmp_path / "out" / "000000000000.json").write_text("{")
    assert [message.id for message in outbox.waiting()] == ["m1"]


# --- controls ------------------------------------------------------------------------------------------------------

CONTROLS: Final = {
    "any signature": (webhook_signature, "_is", lambda *_: True, "a_changed_late_or_foreign"),
    "any age": (webhook_signature, "TOLERANCE", 10**9, "a_changed_late_or_foreign"),
}


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_a_defect_of_the_receivers_check_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, attribute, defect, _ = CONTROLS[name]
    test = test_a_changed_late_or_foreign_message_is_refused_by_the_receiver
    require_failure(Control(holder, attribute, defect, test), monkeypatch)


def test_a_webhook_that_reaches_inner_addresses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "post", lambda *_, **__: SimpleNamespace(status=200))
    with pytest.MonkeyPatch.context() as inner, pytest.raises(pytest.fail.Exception):
        test_a_webhook_at_an_inner_address_is_not_contacted(inner)

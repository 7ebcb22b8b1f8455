"""A campaign against what goes out: inner addresses in every spelling, and a resolver that changes its mind; no hit."""

import ipaddress
import itertools
import random
from typing import Final

import pytest

from certlog.errors import CertlogError
from cli.outgoing import Limits, is_global, post
from tests.support.deep import cases
from tests.support.witness import served

pytestmark = [pytest.mark.deep, pytest.mark.timeout(1200)]
TRIES: Final = cases(10_000)
LIMITS: Final = Limits(seconds=0.3, most=100)
INNER: Final = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip


def some_inner(random_: random.Random) -> ipaddress.IPv4Address:
    network = random_.choice(INNER)
    return ipaddress.IPv4Address(int(network.network_address) + random_.randrange(network.num_addresses))


def spellings(address: ipaddress.IPv4Address) -> list[str]:
    """Return the ways in which an IPv4 address can be written where a host stands."""
    number, parts = int(address), str(address).split(".")
    six = [f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"]
    six.append(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))))
    four = [
        str(address),
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(f"0{int(part):o}" for part in parts),
        ".".join(hex(int(part)) for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
    ]
    return [*four, *(f"[{text}]" for text in six)]


def test_no_inner_address_in_any_spelling_is_contacted() -> None:
    random_, hits, tries = random.Random(6), list[bytes](), 0
    with served(lambda _handler, body: hits.append(body)) as url:
        port = url.rpartition(":")[2]
        while tries < TRIES:
            address = random_.choice([ipaddress.IPv4Address("127.0.0.1"), some_inner(random_)])
            for host in spellings(address):
                tries += 1
                with pytest.raises(CertlogError):
                    post(f"http://{host}:{port}/", b"x", {}, LIMITS)
    assert hits == []
    print(f"\n{tries} tries, {len(hits)} hits")  # noqa: T201 - the number of cases


def test_a_resolver_that_changes_its_mind_wins_nothing() -> None:
    """DNS rebinding: any answer with an inner address in it is refused, and there is no second question."""
    random_, hits, asked = random.Random(7), list[bytes](), itertools.count()
    with served(lambda _handler, body: hits.append(body)) as url:
        port = url.rpartition(":")[2]
        for _ in range(TRIES):
            answer = ["8.8.8.8", str(some_inner(random_)), "127.0.0.1"]
            random_.shuffle(answer)
            before = next(asked)

            def resolve(_host: str, _port: int, found: list[str] = answer) -> list[str]:
                next(asked)
                return found

            with pytest.raises(CertlogError, match="nothing was sent"):
                post(f"http://hook.example.vn:{port}/", b"x", {}, LIMITS, resolve=resolve)
            assert next(asked) == before + 2
    assert hits == []
    assert is_global("8.8.8.8")

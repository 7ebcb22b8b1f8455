"""Reads Python source and names what would let the world in: files, network, clock, environment, chance.

An allow-list of modules, because a list of forbidden ones is never complete, and a few names that these bring.
It reads the source only: what an allowed package does inside is for those who choose packages.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ALLOWED_MODULES: Final = frozenset({
    "abc",
    "base64",
    "binascii",
    "cbor2",
    "certlog",
    "collections",
    "cryptography.exceptions",
    "cryptography.hazmat.primitives",
    "dataclasses",
    "datetime",
    "enum",
    "fractions",
    "functools",
    "gc",  # get_referents alone, which looks and touches nothing (certlog/canonical.py)
    "gzip",
    "hashlib",
    "itertools",
    "json",
    "jsonschema_rs",
    "nacl.bindings",
    "nacl.exceptions",
    "orjson",
    "re",
    "string",
    "rfc8785",
    "struct",
    "types",
    "typing",
    "unicodedata",
    "zlib",
})  # fmt: skip

FORBIDDEN_NAMES: Final = frozenset({
    "__import__",
    "breakpoint",
    "eval",
    "exec",
    "globals",
    "input",
    "open",
    "print",
})  # fmt: skip

# Of allowed modules: clocks, keys made by chance, files.
FORBIDDEN_ATTRIBUTES: Final = frozenset({
    "GzipFile",
    "astimezone",
    "crypto_sign_keypair",
    "dump",
    "file_digest",
    "fromtimestamp",
    "generate_private_key",
    "load",
    "now",
    "open",
    "randombytes",
    "retriever",
    "today",
    "utcnow",
})  # fmt: skip
# Pure when the zone is given; otherwise they read the machine's.
PURE_WITH_ARGUMENT: Final = {"fromtimestamp": "tz", "astimezone": "tz"}


def impurities(source: str, name: str) -> list[str]:
    """Return a line "NAME:LINE: what" for each thing in the source that is not pure."""
    return [f"{name}:{line}: {what}" for line, what in _findings(ast.parse(source, name))]


def package_impurities(package: Path) -> list[str]:
    """Return what is not pure in any module of a package."""
    paths = sorted(package.rglob("*.py"))
    return [
        finding for path in paths for finding in impurities(path.read_text(encoding="utf-8"), str(path.name))
    ]


def _findings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    pure = {id(call.func) for call in ast.walk(tree) if isinstance(call, ast.Call) and _tells_zone(call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, f"imports {a.name}") for a in node.names if not _allowed(a.name))
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_names(node)
        elif isinstance(node, ast.Global):
            yield node.lineno, f"changes the module's {', '.join(node.names)}"
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            yield node.lineno, f"uses {node.id}"
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES and id(node) not in pure:
            yield node.lineno, f"uses .{node.attr}"
        elif isinstance(node, ast.Call) and _compresses_with_time(node):
            yield node.lineno, "calls gzip.compress without mtime: it writes the time"


def _imported_names(node: ast.ImportFrom) -> Iterator[tuple[int, str]]:
    module = node.module or ""
    for name in (alias.name for alias in node.names):
        if node.level or not _allowed(module):
            yield node.lineno, f"imports {name} from {'.' * node.level}{module}"
        elif name in FORBIDDEN_ATTRIBUTES or name == "*":
            yield node.lineno, f"imports {name} from {module}"


def _allowed(module: str) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:length]) in ALLOWED_MODULES for length in range(1, len(parts) + 1))


def _tells_zone(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in PURE_WITH_ARGUMENT:
        return False
    by_position = len(call.args) >= (1 if call.func.attr == "astimezone" else 2)
    return by_position or PURE_WITH_ARGUMENT[call.func.attr] in {keyword.arg for keyword in call.keywords}


def _compresses_with_time(call: ast.Call) -> bool:
    function = call.func
    is_compress = (
        isinstance(function, ast.Attribute)
        and function.attr == "compress"
        and isinstance(function.value, ast.Name)
        and function.value.id == "gzip"
    )
    return is_compress and "mtime" not in {keyword.arg for keyword in call.keywords}

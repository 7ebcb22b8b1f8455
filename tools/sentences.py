"""Finds every text that Python code says to people, for the catalogue: read from the source, nothing is run.

A text is found where it is written out: as the template of a Sentence, as the message of one of our errors, as a
command's help. tests/project/test_catalogue.py looks for what slips through, an f-string in such a place.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

PACKAGES: Final = ("anchoring", "certlog", "cli", "issuer", "registry", "storage", "verifier", "web")
SAYING: Final = frozenset(
    {
        "Sentence",
        "in_words",
        "Conflict",
        "IllegalTransition",
        "InvalidInput",
        "InvalidProof",
        "LockHeld",
        "MistypedId",
        "NotFound",
        "NotTrusted",
        "SignatureMismatch",
        "SigningHalted",
        "Unavailable",
        "UsageError",
        "ViewsDiffer",
        "_bound",
    }
)
"""Calls whose first argument is said to people."""
VARIABLES: Final = frozenset({"detail", "message", "remedy", "why"})
"""Names under which a message is kept before it is raised."""
HELP: Final = frozenset({"epilog", "help", "show_default"})
OPTIONS: Final = frozenset({"signer_options"})
"""Functions of ours that take an option's help as their first argument and make the option."""
_DECORATORS: Final = ("command", "group")


def sentences_of(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each text with the file that says it."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            texts = dict.fromkeys(text for node in ast.walk(tree) for text in _texts(node))
            if package == "cli":
                texts |= dict.fromkeys(text for node in ast.walk(tree) for text in _help(node))
            yield from ((text, path.relative_to(root).as_posix()) for text in texts if text)


OF_THE_SYSTEM: Final = (
    "Address already in use",
    "Bad file descriptor",
    "Broken pipe",
    "Cannot assign requested address",
    "Connection refused",
    "Connection reset by peer",
    "Connection timed out",
    "Device or resource busy",
    "Directory not empty",
    "Disk quota exceeded",
    "File exists",
    "File name too long",
    "File too large",
    "Input/output error",
    "Is a directory",
    "Name or service not known",
    "Network is unreachable",
    "No route to host",
    "No space left on device",
    "No such file or directory",
    "Not a directory",
    "Operation not permitted",
    "Permission denied",
    "Read-only file system",
    "Temporary failure in name resolution",
    "Too many open files",
)
"""What Linux says of files and connections, as far as people meet it; another system's words stay as they are."""


OF_JSON: Final = (
    "Expecting ',' delimiter",
    "Expecting ':' delimiter",
    "Expecting property name enclosed in double quotes",
    "Expecting value",
    "Extra data",
    "Invalid control character at",
    "Unterminated string starting at",
)
"""What Python's reader of JSON says."""


def click_texts() -> Iterator[str | tuple[str, str]]:
    """Yield what click itself says, singular and plural where it has both."""
    yield "required"  # which it keeps in a variable
    for path in sorted(Path(click.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                written = [text for argument in node.args for text in _written(argument)]
                if node.func.id == "_":
                    yield from written
                elif node.func.id == "ngettext":
                    yield written[0], written[1]


def unsaid_f_strings(root: Path) -> Iterator[str]:
    """Yield the places where an f-string stands where a Sentence should: it could not be translated."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in SAYING and node.args:
                    for value in _choices(node.args[0]):
                        if isinstance(value, ast.JoinedStr):
                            yield f"{path.relative_to(root).as_posix()}:{value.lineno}"
                elif isinstance(node, ast.Assign) and _assigned(node) in VARIABLES:
                    for value in _choices(node.value):
                        if isinstance(value, ast.JoinedStr):
                            yield f"{path.relative_to(root).as_posix()}:{value.lineno}"


def paragraphs(text: str) -> list[str]:
    """Return a help text's paragraphs, each on one line, as `cli.language` looks them up."""
    return [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n")]


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _name(node.func) in SAYING and node.args:
        yield from _written(node.args[0])
    elif isinstance(node, ast.Assign) and _assigned(node) in VARIABLES:
        yield from _written(node.value)


def _help(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.keyword) and node.arg in HELP:
        yield from _written(node.value)
    elif isinstance(node, ast.Call) and _name(node.func) in OPTIONS and node.args:
        yield from _written(node.args[0])
    elif isinstance(node, ast.FunctionDef) and any(_makes_command(item) for item in node.decorator_list):
        yield from paragraphs(ast.get_docstring(node) or "")


def _makes_command(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and _name(decorator.func) in _DECORATORS


def _written(value: ast.expr) -> Iterator[str]:
    for choice in _choices(value):
        if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
            yield choice.value


def _choices(value: ast.expr) -> Iterator[ast.expr]:
    """Yield what an expression may be: each side of `a if b else c` and of `a or b`."""
    match value:
        case ast.IfExp():
            yield from _choices(value.body)
            yield from _choices(value.orelse)
        case ast.BoolOp():
            for part in value.values:
                yield from _choices(part)
        case _:
            yield value


def _assigned(node: ast.Assign) -> str:
    target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case _:
            return ""

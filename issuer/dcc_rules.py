"""PTB's schematron of the DCC, run over a checked document: the rules that a schema cannot say.

ISO schematron with XPath 2.0 (elementpath), as far as PTB's dcc.sch goes: patterns, rules, lets, assert, report; the
first rule of a pattern that fits a node is the one that counts. Rules that only inform or warn are not run.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from issuer.dcc_schema import HOW_TO_GET
from issuer.dcc_xml import Element, lxml_etree, safe_parser
from issuer.problems import printable

MAX_SECONDS: Final = 30.0
"""PTB's largest example takes a quarter of a second."""
ADVISORY: Final = frozenset({"Missing influence conditions", "Invalid release version format"})
"""Rules whose breach is told and does not refuse (ADR 0013): what may rightly be absent, and a program's number."""

_SCH: Final = "{http://purl.oclc.org/dsdl/schematron}"
_XS: Final = "http://www.w3.org/2001/XMLSchema"
# A rule file is fetched from somewhere: no rule of it may read a file, an address or the environment.
_REACHING: Final = re.compile(
    r"\b(doc|doc-available|collection|uri-collection|unparsed-text\S*|environment-\S+)\s*\("
)
_SHOWN: Final = 3
_LONGEST_SHOWN: Final = 80

Variables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a document breaks: its title, and PTB's sentence with it."""

    title: str
    text: str
    line: int

    @property
    def is_advisory(self) -> bool:
        """Whether a certificate may be issued all the same."""
        return self.title in ADVISORY


@dataclass(frozen=True, slots=True)
class _Test:
    expression: str
    breaks_if: bool
    parts: tuple[tuple[str, str], ...]
    """Texts, and after each the expression of what of the document is shown there, or "" """


@dataclass(frozen=True, slots=True)
class _Rule:
    context: str
    lets: tuple[tuple[str, str], ...]
    tests: tuple[_Test, ...]


@dataclass(slots=True)
class Rules:
    """The rules of one schematron file.

    Attributes:
        patterns: each with its lets and its rules.
        namespaces: prefixes of the expressions.
    """

    patterns: tuple[tuple[tuple[tuple[str, str], ...], tuple[_Rule, ...]], ...]
    namespaces: dict[str, str]
    _parsed: dict[str, Any] = field(default_factory=dict)

    def findings(
        self, root: Element, place: str, clock: Callable[[], float] = time.monotonic
    ) -> tuple[Finding, ...]:
        """Return what a document breaks.

        Raises:
            InvalidInput: the rules take longer than MAX_SECONDS: no certificate is like that.
        """
        return tuple(_Run(self, root, place, clock).findings())

    def require_kept(self, root: Element, place: str) -> tuple[Finding, ...]:
        """Refuse a document that breaks a rule; return the advisory findings.

        Raises:
            InvalidInput: it breaks a rule that is not advisory.
        """
        findings = self.findings(root, place)
        broken = [finding for finding in findings if not finding.is_advisory]
        if broken:
            kinds = {finding.title: finding for finding in reversed(broken)}
            firsts = sorted(kinds.values(), key=lambda finding: finding.line)[:_SHOWN]
            shown = "; ".join(f"line {finding.line}: {finding.text}" for finding in firsts)
            message = Sentence(
                "breaks PTB's rules at {count} places: {shown}", count=len(broken), shown=shown
            )
            raise InvalidInput(message, place=place, code="dcc-rules")
        return findings

    def token(self, expression: str) -> Any:  # noqa: ANN401 # elementpath's tokens have no public type
        """Return a parsed expression; each is parsed once."""
        if expression not in self._parsed:
            self._parsed[expression] = _elementpath().XPath2Parser(self.namespaces).parse(expression)
        return self._parsed[expression]


def open_rules(path: Path | None) -> Rules:
    """Read a schematron file.

    Raises:
        InvalidInput: there is none, or it holds what this runner does not know.
        Unavailable: elementpath is not installed.
    """
    if path is None:
        message = Sentence(
            "PTB's rules (dcc.sch) are not in the folder of the schemas; {remedy}", remedy=HOW_TO_GET
        )
        raise InvalidInput(message, code="dcc-no-rules")
    root = _read(path)
    namespaces = {item.get("prefix", ""): item.get("uri", "") for item in root.iter(f"{_SCH}ns")}
    patterns = tuple(
        (_lets(pattern), tuple(_rule(rule, path.name) for rule in pattern.iterchildren(f"{_SCH}rule")))
        for pattern in root.iter(f"{_SCH}pattern")
    )
    if root.tag != f"{_SCH}schema" or root.get("queryBinding") != "xslt2" or not patterns:
        raise InvalidInput(
            Sentence("expected a schematron with queryBinding xslt2"), place=path.name, code="dcc-bad-rules"
        )
    rules = Rules(patterns, {**namespaces, "xs": _XS})
    elementpath = _elementpath()
    try:
        for lets, found in patterns:
            for expression in [value for _, value in lets] + [
                x for rule in found for x in _expressions(rule)
            ]:
                rules.token(expression)
    except elementpath.ElementPathError as error:
        message = Sentence("a rule cannot be read: {error}", error=error)
        raise InvalidInput(message, place=path.name, code="dcc-bad-rules") from None
    return rules


def _read(path: Path) -> Element:
    etree = lxml_etree()
    try:
        root: Element = etree.fromstring(path.read_bytes(), safe_parser(etree))
    except (OSError, etree.XMLSyntaxError) as error:
        raise InvalidInput(
            Sentence("cannot be read: {error}", error=error), place=str(path), code="dcc-bad-rules"
        ) from None
    return root


def _expressions(rule: _Rule) -> Iterator[str]:
    yield rule.context
    yield from (value for _, value in rule.lets)
    for test in rule.tests:
        yield test.expression
        yield from (select for _, select in test.parts if select)


def _rule(rule: Element, place: str) -> _Rule:
    known = {f"{_SCH}{name}" for name in ("let", "assert", "report")}
    unknown = [child.tag for child in rule.iterchildren("*") if child.tag not in known]
    context = rule.get("context", "")
    tests = tuple(
        _Test(item.get("test", ""), item.tag == f"{_SCH}report", _parts_of(item))
        for item in rule.iterchildren(f"{_SCH}assert", f"{_SCH}report")
        if item.get("role", "error") == "error"
    )
    result = _Rule(context if context.startswith("/") else f"//{context}", _lets(rule), tests)
    if unknown or rule.get("abstract") or any(_REACHING.search(text) for text in _expressions(result)):
        message = Sentence("a rule on {context} holds what is not run here", context=context)
        raise InvalidInput(message, place=place, code="dcc-bad-rules")
    return result


def _lets(holder: Element) -> tuple[tuple[str, str], ...]:
    return tuple((let.get("name", ""), let.get("value", "")) for let in holder.iterchildren(f"{_SCH}let"))


def _parts_of(item: Element) -> tuple[tuple[str, str], ...]:
    texts = [item.text or "", *(child.tail or "" for child in item)]
    shown = [child.get("select", "") for child in item]
    selects = [
        f"string-join(for $x in ({select}) return string($x), ' ')" if select else "" for select in shown
    ]
    return tuple(zip(texts, [*selects, ""], strict=True))


@dataclass(slots=True)
class _Run:
    """One document under all rules."""

    rules: Rules
    root: Element
    place: str
    clock: Callable[[], float]
    began: float = 0.0
    tree: Any = None

    def findings(self) -> Iterator[Finding]:
        self.began = self.clock()
        self.tree = _elementpath().get_node_tree(lxml_etree().ElementTree(self.root))
        for lets, rules in self.rules.patterns:
            shared = self._bind(lets, {}, None)
            taken: set[int] = set()
            for rule in rules:
                yield from self._apply(rule, shared, taken)

    def _apply(self, rule: _Rule, shared: Variables, taken: set[int]) -> Iterator[Finding]:
        for node in self._select(rule.context, shared, None):
            if id(node) in taken:
                continue
            taken.add(id(node))
            variables = self._bind(rule.lets, shared, node)
            for test in rule.tests:
                token = self.rules.token(test.expression)
                value = token.boolean_value(self._select(test.expression, variables, node))
                if value is test.breaks_if:
                    yield self._finding(test, variables, node)

    def _finding(self, test: _Test, variables: Variables, node: object) -> Finding:
        text = ""
        for part, select in test.parts:
            found = str(self._select(select, variables, node)[0]) if select else ""
            text += part + printable(found[:_LONGEST_SHOWN])
        whole = " ".join(text.split())
        return Finding(test.parts[0][0].partition(":")[0].strip(), whole.rstrip("."), _line_of(node))

    def _bind(self, lets: tuple[tuple[str, str], ...], outer: Variables, node: object) -> Variables:
        variables = dict(outer)
        for name, expression in lets:
            variables[name] = self._select(expression, variables, node)
        return variables

    def _select(self, expression: str, variables: Variables, node: object) -> list[Any]:
        if self.clock() - self.began > MAX_SECONDS:
            message = Sentence("PTB's rules need more than {most} seconds for it", most=int(MAX_SECONDS))
            raise InvalidInput(message, place=self.place, code="xml-bounds")
        elementpath = _elementpath()
        context = elementpath.XPathContext(self.tree, item=node, variables=variables)
        try:
            return list(self.rules.token(expression).select(context))
        except elementpath.ElementPathError as error:
            message = Sentence("one of PTB's rules cannot be applied to it: {error}", error=error)
            raise InvalidInput(message, place=self.place, code="dcc-rules") from None


def _line_of(node: Any) -> int:  # noqa: ANN401 # as token()
    while node is not None:
        line = getattr(getattr(node, "elem", None), "sourceline", None)
        if line is not None:
            return int(line)
        node = node.parent
    return 0


def _elementpath() -> Any:  # noqa: ANN401 # a module, some of whose names have no types
    try:
        import elementpath  # noqa: PLC0415 # an extra: only whoever imports DCC files needs it
    except ModuleNotFoundError as error:
        raise Unavailable(Sentence("PTB's rules cannot be run here: install certlog[dcc]")) from error
    return elementpath

"""PTB's XML schemas of the DCC, from a folder that the body fetched: found by version, joined without the network.

The files are PTB's (LGPL-3.0) and are not part of this program. Imports are followed inside the folder only, by their
relative path or by namespace and version, so that PTB's unchanged files serve as well as copies with local paths.
"""

import re
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from issuer.dcc_xml import Element, lxml_etree

DCC_NAMESPACE: Final = "https://ptb.de/dcc"
HOW_TO_GET: Final = Sentence(
    "get PTB's dcc.xsd of each version, with SI_Format.xsd and xmldsig-core-schema.xsd, and dcc.sch (docs/dcc.md says "
    "where), put them in one folder and name it with --dcc-schema"
)

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_MAX_FILES: Final = 200
_MAX_SCHEMA_BYTES: Final = 4 * 1024 * 1024
_VERSION: Final = re.compile(r"3\.[1-9][0-9]?\.[0-9]{1,2}(-rc\.[0-9]{1,2})?", re.ASCII)
_VERSION_IN_PATH: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_SHOWN_FAULTS: Final = 3


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """One XSD file: what it describes, in which version."""

    path: Path
    namespace: str
    version: str
    root: Element


@dataclass(slots=True)
class SchemaFolder:
    """The schemas of one folder; each version is compiled once.

    Attributes:
        folder: where they were found.
        files: every XSD file below it.
        rules: the schematron file below it, or None.
    """

    folder: Path
    files: tuple[SchemaFile, ...]
    rules: Path | None
    _compiled: dict[str, Any] = field(default_factory=dict)

    def versions(self) -> list[str]:
        """Return the versions of the DCC that can be checked."""
        return sorted({item.version for item in self.files if item.namespace == DCC_NAMESPACE})

    def require_valid(self, root: Element, place: str) -> str:
        """Check a document against the schema of the version that it names; return the version.

        Raises:
            InvalidInput: not a DCC, of a version that is not in the folder, or not valid.
        """
        version = _version_of(root, place)
        if version not in self._compiled:
            self._compiled[version] = self._compile(version, place)
        schema = self._compiled[version]
        if not schema.validate(root):
            faults = [
                f"line {fault.line}: {str(fault.message).rstrip('.')}"
                for fault in list(schema.error_log)[:_SHOWN_FAULTS]
            ]
            message = Sentence(
                "not valid by PTB's schema of DCC {version}: {faults}",
                version=version,
                faults="; ".join(faults),
            )
            raise InvalidInput(message, place=place, code="dcc-schema")
        return version

    def _compile(self, version: str, place: str) -> Any:  # noqa: ANN401 # lxml's types are incomplete
        top = [f for f in self.files if f.namespace == DCC_NAMESPACE and f.version == version]
        if not top:
            known = ", ".join(self.versions()) or "none"
            message = Sentence(
                "it is a DCC {version}, whose schema is not in {folder} (there: {known}); {remedy}",
                version=version, folder=self.folder, known=known, remedy=HOW_TO_GET,
            )  # fmt: skip
            raise InvalidInput(message, place=place, code="dcc-no-schema")
        etree = lxml_etree()
        with tempfile.TemporaryDirectory(prefix="certlog-xsd-") as name:
            joined = _Joined(self, Path(name))
            main = joined.write(top[0])
            try:
                schema = etree.XMLSchema(etree.parse(main, etree.XMLParser(no_network=True)))
            except etree.XMLSchemaParseError as error:
                message = Sentence(
                    "the schema of DCC {version} cannot be used: {error}", version=version, error=error
                )
                raise InvalidInput(message, place=str(self.folder), code="dcc-bad-schema") from None
        return schema


def open_schema_folder(folder: Path | None) -> SchemaFolder:
    """Find the schemas of a folder.

    Raises:
        InvalidInput: no folder was named, or it holds no DCC schema; the message says how to get them.
    """
    if folder is None:
        raise InvalidInput(
            Sentence("a DCC is checked by PTB's schemas: {remedy}", remedy=HOW_TO_GET), code="dcc-no-schema"
        )
    etree = lxml_etree()
    # The body's own files, not a stranger's: W3C's schema of XML signatures has a document type with entities.
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities="internal")
    files: list[SchemaFile] = []
    for path in sorted(folder.rglob("*.xsd"))[:_MAX_FILES]:
        try:
            if path.stat().st_size > _MAX_SCHEMA_BYTES:
                continue
            root = etree.parse(path, parser).getroot()
        except (OSError, etree.XMLSyntaxError) as error:
            message = Sentence("not a schema: {error}", error=error)
            raise InvalidInput(message, place=str(path), code="dcc-bad-schema") from None
        files.append(
            SchemaFile(path.resolve(), root.get("targetNamespace", ""), root.get("version", ""), root)
        )
    rules = sorted(folder.rglob("dcc.sch"))
    result = SchemaFolder(folder, tuple(files), rules[0] if rules else None)
    if not result.versions():
        message = Sentence(
            "there is no schema of the DCC in {folder}; {remedy}", folder=folder, remedy=HOW_TO_GET
        )
        raise InvalidInput(message, code="dcc-no-schema")
    return result


def _version_of(root: Element, place: str) -> str:
    if root.tag != f"{{{DCC_NAMESPACE}}}digitalCalibrationCertificate":
        message = Sentence("expected a digitalCalibrationCertificate of {name}", name=DCC_NAMESPACE)
        raise InvalidInput(message, place=place, code="not-dcc")
    version = root.get("schemaVersion", "")
    if not _VERSION.fullmatch(version):
        message = Sentence(
            "expected schemaVersion 3.1.0 or later of version 3, found {found!r}", found=version[:40]
        )
        raise InvalidInput(message, place=place, code="dcc-version")
    return version


@dataclass(slots=True)
class _Joined:
    """Copies of a schema and all that it imports, with names of this folder in place of addresses."""

    source: SchemaFolder
    folder: Path
    _written: dict[Path, str] = field(default_factory=dict)

    def write(self, schema: SchemaFile) -> str:
        """Write a schema with its imports; return its path."""
        if schema.path not in self._written:
            target = self.folder / f"{len(self._written)}.xsd"
            self._written[schema.path] = str(target)  # before its imports: schemas may import each other
            root = deepcopy(schema.root)
            for reference in list(root.iterchildren(f"{_XS}import", f"{_XS}include")):
                reference.set("schemaLocation", self.write(self._find(schema, reference)))
            target.write_bytes(lxml_etree().tostring(root))
        return self._written[schema.path]

    def _find(self, schema: SchemaFile, reference: Element) -> SchemaFile:
        location, namespace = (
            reference.get("schemaLocation", ""),
            reference.get("namespace", schema.namespace),
        )
        if "://" not in location:
            path = (schema.path.parent / location).resolve()
            exact = [item for item in self.source.files if item.path == path]
            if exact:
                return exact[0]
        wanted = _VERSION_IN_PATH.search(location)
        others = [item for item in self.source.files if item.namespace == namespace]
        if wanted and len(others) > 1:
            others = [item for item in others if item.version == wanted[0]] or others
        if not others:
            message = Sentence(
                "it needs the schema of {namespace} ({location}), which is not in {folder}; {remedy}",
                namespace=namespace, location=location, folder=self.source.folder, remedy=HOW_TO_GET,
            )  # fmt: skip
            raise InvalidInput(message, place=schema.path.name, code="dcc-no-schema")
        return others[0]

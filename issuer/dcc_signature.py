"""An XML signature inside a DCC: only one over the whole document is looked at, and a broken one refuses the file.

W3C XMLDSig, checked by signxml. The signer's certificate comes with the file: "valid" says that nothing changed since
it was signed, not who signed. Our own binding is the hash of the file's exact bytes and needs none of this.
"""

import base64
import enum
from types import ModuleType
from typing import Any, Final, NoReturn

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from issuer.dcc_xml import Element, lxml_etree

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_CANONICAL: Final = frozenset(
    f"http://www.w3.org/{name}{comments}"
    for name in ("TR/2001/REC-xml-c14n-20010315", "2006/12/xml-c14n11", "2001/10/xml-exc-c14n#")
    for comments in ("", "#WithComments", "WithComments")
)
_MOST_REFERENCES: Final = 2
"""The document, and the properties that XAdES signs with it."""
_SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"


class XmlSignature(enum.Enum):
    """What is known of a file's own signature."""

    NONE = "none"
    VALID = "valid"
    NOT_CHECKED = "not-checked"


def check_signature(root: Element, place: str) -> XmlSignature:
    """Check the signature that a document carries, if it carries one.

    1. There is one, at the end of the root. 2. It refers to the whole document (and, for XAdES, to its own
    properties), through canonicalisation and nothing else. 3. Digest and signature verify under the certificate in it.

    Raises:
        InvalidInput: the signature is broken, or refers to something else than the whole document.
        Unavailable: signxml is not installed.
    """
    signatures = list(root.iter(f"{_DS}Signature"))
    if not signatures:
        return XmlSignature.NONE
    signature = signatures[-1]
    if len(signatures) != 1 or signature.getparent() is not root or signature.getnext() is not None:  # 1
        _refuse(Sentence("expected one signature, as the last element of the root"), place)
    references = signature.findall(f"{_DS}SignedInfo/{_DS}Reference")
    _require_whole(references, place)  # 2
    return _verify(root, signature, len(references), place)  # 3


def _require_whole(references: "list[Element]", place: str) -> None:
    whole = [item for item in references if item.get("URI") == ""]
    others = [item for item in references if item.get("Type") != _SIGNED_PROPERTIES]
    if len(whole) != 1 or others != whole or len(references) > _MOST_REFERENCES:
        _refuse(Sentence("expected a signature over the whole document, found one over a part of it"), place)
    transforms = [item.get("Algorithm", "") for item in whole[0].iter(f"{_DS}Transform")]
    if transforms[:1] != [_ENVELOPED] or not set(transforms[1:]) <= _CANONICAL:
        _refuse(Sentence("a transform other than enveloped signature and canonical XML is refused"), place)


def _verify(root: Element, signature: Element, references: int, place: str) -> XmlSignature:
    signxml, etree = _signxml(), lxml_etree()
    config = signxml.SignatureConfiguration(expect_references=references, location="./")
    certificate = signature.findtext(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    if certificate is None or not _is_supported(signature, config):
        return XmlSignature.NOT_CHECKED
    pem = _pem(certificate, place)
    try:
        results = signxml.XMLVerifier().verify(root, x509_cert=pem, expect_config=config)
    except (signxml.exceptions.SignXMLException, etree.DocumentInvalid, ValueError) as error:
        _refuse(Sentence("its own signature does not verify: {error}", error=error), place)
    signed = [item.signed_xml for item in (results if isinstance(results, list) else [results])]
    if not any(item is not None and item.tag == root.tag for item in signed):
        _refuse(Sentence("expected a signature over the whole document, found one over a part of it"), place)
    return XmlSignature.VALID


def _is_supported(signature: Element, config: Any) -> bool:  # noqa: ANN401 # signxml exports no types
    """Tell whether the algorithms are ones that still count (SHA-1 is not); decided before anything is verified."""
    methods = {item.value for item in config.signature_methods}
    digests = {item.value for item in config.digest_algorithms}
    used = [item.get("Algorithm") for item in signature.iter(f"{_DS}DigestMethod")]
    method = signature.find(f"{_DS}SignedInfo/{_DS}SignatureMethod")
    return method is not None and method.get("Algorithm") in methods and set(used) <= digests


def _pem(text: str, place: str) -> str:
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        _refuse(Sentence("the certificate in its signature is not base64"), place)
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n"


def _refuse(message: Sentence, place: str) -> NoReturn:
    raise InvalidInput(message, place=place, code="dcc-signature")


def _signxml() -> ModuleType:
    try:
        import signxml  # noqa: PLC0415 # an extra: only whoever imports signed DCC files needs it
    except ModuleNotFoundError as error:
        raise Unavailable(Sentence("a signed DCC cannot be checked here: install certlog[dcc]")) from error
    return signxml

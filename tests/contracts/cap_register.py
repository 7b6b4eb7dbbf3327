"""What a receiver of CAP 1.2 makes of a message: checked against the official schema where that is
beside the repo, known again by sender, identifier and sent, as the standard says."""

from pathlib import Path

from lxml import etree

XSD = Path(__file__).parents[3] / "shared" / "data" / "schemas" / "CAP-v1.2.xsd"
SCHEMA = etree.XMLSchema(etree.parse(XSD)) if XSD.exists() else None
NAMES = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}


class Register:
    def __init__(self) -> None:
        self.messages: dict[tuple[str, str, str], etree._Element] = {}

    def take(self, body: bytes) -> etree._Element:
        """Raises for what is not valid."""
        message = etree.fromstring(body)
        if SCHEMA is not None:
            SCHEMA.assertValid(message)
        self.messages.setdefault(name_of(message), message)
        return message


def name_of(message: etree._Element) -> tuple[str, str, str]:
    sender, identifier, sent = (text(message, n) for n in ("sender", "identifier", "sent"))
    return sender, identifier, sent


def text(message: etree._Element, name: str) -> str:
    return message.findtext(f".//c:{name}", "", NAMES)


def parameter(message: etree._Element, name: str) -> str:
    return message.findtext(f".//c:parameter[c:valueName='{name}']/c:value", "", NAMES)

"""XML that other programs wrote, read without the entities that make a file dangerous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalknet.errors import MissingPackage

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class UnsafeXml(ValueError):
    """XML that is not read for safety: entities of its own, or elements nested without end."""


class DamagedXml(ValueError):
    """XML that ends too early or is none.

    Attributes:
        position: the line, from 1, and the column, from 0.
    """

    position: tuple[int, int] = (1, 0)


def parse_xml(text: str) -> Element:
    """Return the root of an XML text.

    Raises:
        DamagedXml: for damaged XML, with its position.
        UnsafeXml: for XML that is not read for safety.
        MissingPackage: where chalknet was installed without its dependencies, as in a browser.
    """
    try:
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import ParseError, fromstring
    except ImportError as problem:
        raise MissingPackage(
            where="XML that another program wrote",
            got="no package defusedxml",
            wanted="defusedxml, which reads such XML safely",
            remedy="Install chalknet with what it needs: pip install chalknet. Or paste the network as text.",
        ) from problem
    try:
        root: Element = fromstring(text)
        return root
    except ParseError as problem:
        damaged = DamagedXml(f"damaged XML ({problem})")
        damaged.position = problem.position
        raise damaged from problem
    except (DefusedXmlException, ValueError, RecursionError) as problem:
        raise UnsafeXml(f"an XML that is not read for safety ({type(problem).__name__})") from problem

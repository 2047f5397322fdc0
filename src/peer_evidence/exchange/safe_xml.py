"""Reading XML of unknown origin: no entities, no outside files, bounded size and depth."""

from __future__ import annotations

import importlib
import re
import xml.sax.handler as sax  # types alone; the parser below is defusedxml's
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from xml.sax import SAXException, SAXParseException

from peer_evidence.records.faults import Fault

MOST_BYTES = 64_000_000
MOST_DEPTH = 200
MOST_ELEMENTS = 500_000
_CHUNK = 1 << 20  # in small chunks a long attribute is scanned again and again
_WHITE = re.compile(r"\s+")


class Node:
    """An element: its tag, attributes, line, and what it holds in order (texts and elements)."""

    __slots__ = ("attributes", "held", "line", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.line = line
        self.held: list[Node | str] = []

    def get(self, name: str) -> str:
        """Give an attribute without spaces around it, empty where there is none."""
        return self.attributes.get(name, "").strip()

    def children(self, *tags: str) -> Iterator[Node]:
        """Give the elements right below, of some tags or all."""
        for one in self.held:
            if isinstance(one, Node) and (not tags or one.tag in tags):
                yield one

    def first(self, *path: str) -> Node | None:
        """Give the first element down a path of tags."""
        here: Node | None = self
        for tag in path:
            here = next(here.children(tag), None) if here is not None else None
        return here

    def all(self, *tags: str) -> Iterator[Node]:
        """Give every element below, in the order of the file."""
        waiting = [self]
        while waiting:
            here = waiting.pop()
            if here is not self and here.tag in tags:
                yield here
            waiting.extend(reversed([one for one in here.held if isinstance(one, Node)]))

    def text(self, *path: str) -> str:
        """Give the text of an element down a path, without its markup, on one line."""
        here = self.first(*path)
        return "" if here is None else _plain(here)


# markup that stands between words; other markup stands within them
_BETWEEN = {"P", "BR", "LI", "OL", "UL", "TR", "TD", "TH", "TABLE", "HEADING", "DIV", "SUBSECTION"}


def _plain(node: Node) -> str:
    parts: list[str] = []
    waiting: list[Node | str] = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            parts.append(here)
            continue
        gap = [" "] if here.tag.upper() in _BETWEEN else []
        waiting.extend([*gap, *reversed(here.held), *gap])
    return _WHITE.sub(" ", "".join(parts)).strip()


class _TooMuchError(SAXException):
    """The file breaks a bound: the message is the rule, ``found`` what was found."""

    def __init__(self, rule: str, found: str) -> None:
        super().__init__(rule)
        self.found = found


class _Builder(sax.ContentHandler, sax.ErrorHandler):
    """Build the tree, within bounds."""

    def __init__(self, parser: Any) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._elements = 0
        self._parser = parser

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            rule = f"the file must hold at most {MOST_ELEMENTS} elements"
            raise _TooMuchError(rule, "more")
        if len(self._open) >= MOST_DEPTH:
            rule = f"elements must lie at most {MOST_DEPTH} deep in one another"
            raise _TooMuchError(rule, name)
        node = Node(name, dict(attrs.items()), self._parser.getLineNumber() or 1)
        if self._open:
            self._open[-1].held.append(node)
        else:
            self.root = node
        self._open.append(node)

    def endElement(self, name: str) -> None:  # noqa: N802
        self._open.pop()

    def characters(self, content: str) -> None:
        if self._open:
            self._open[-1].held.append(content)

    def error(self, exception: BaseException) -> NoReturn:
        raise exception

    def fatalError(self, exception: BaseException) -> NoReturn:  # noqa: N802
        raise exception


def read_xml(path: Path, root: str, what: str) -> Node | Fault:
    """Read an XML file that may be hostile.

    Parameters
    ----------
    path : Path
        The file.
    root : str
        The tag that its root must have.
    what : str
        What such a file is, for the fault of another root.

    Returns
    -------
    Node or Fault
        The root, or why the file was not read.
    """
    refused = importlib.import_module("defusedxml.common").DefusedXmlException
    parser = importlib.import_module("defusedxml.expatreader").create_parser(
        forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    builder = _Builder(parser)
    parser.setContentHandler(builder)
    parser.setErrorHandler(builder)
    name = path.name

    def fault(rule: str, found: str) -> Fault:
        return Fault(name, parser.getLineNumber() or 1, "", rule, found)

    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            rule = f"the file must hold at most {MOST_BYTES // 1_000_000} MB"
            return Fault(name, 1, "", rule, f"{size / 1e6:.0f} MB")
        if not size and path.is_file():
            return Fault(name, 1, "", "the file must not be empty", "")
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                parser.feed(data)
        parser.close()
    except refused as error:
        rule = "the file must have no document type, no entities and no links to other files"
        return fault(rule, f"DOCTYPE {getattr(error, 'name', '')}".strip())
    except _TooMuchError as error:
        return fault(error.getMessage(), error.found)
    except SAXParseException as error:
        return Fault(name, error.getLineNumber() or 1, "", _BROKEN, error.getMessage())
    except (SAXException, ValueError, LookupError) as error:
        return fault(_BROKEN, str(error))
    except OSError as error:
        found = "a folder" if path.is_dir() else error.strerror or type(error).__name__
        return Fault(name, 1, "", "must be a file that can be read", found)
    held = builder.root
    if held is None or held.tag != root:
        rule = f"the root must be {root}, as of {what}"
        return Fault(name, 1, "", rule, held.tag if held else "")
    return held


_BROKEN = "the file must be whole and well-formed XML; save or download it again"

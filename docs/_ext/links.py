"""Links that nobody has to write: a DOI to the text it names, ``pe.name`` to its reference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s,;\]]+")
_NAME = re.compile(r"(?:pe|peer_evidence)\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(.*)?", re.DOTALL)
_NOT_RUNNING = (nodes.reference, nodes.literal, nodes.literal_block, nodes.title, nodes.raw)


class NameLinks(SphinxTransform):
    """Let ``pe.forest(m)`` lead to the reference; a name that does not exist is a warning."""

    default_priority = 300

    def apply(self, **kwargs: Any) -> None:
        """Look through the code in the running text of a page."""
        for code in list(self.document.findall(nodes.literal)):
            found = _NAME.fullmatch(code.astext())
            if found is None or _inside(
                code, (nodes.title, nodes.reference, addnodes.pending_xref)
            ):
                continue
            link = addnodes.pending_xref(
                "",
                refdomain="py",
                reftype="obj",
                reftarget=f"peer_evidence.{found[1]}",
                refexplicit=True,
                refwarn=code.astext().startswith("pe."),
                refdoc=self.env.docname,
            )
            code.parent.replace(code, link)
            link += code


class DoiLinks(SphinxPostTransform):
    """Put a link around each DOI in running text."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Look through the texts of a page."""
        for text in list(self.document.findall(nodes.Text)):
            if _inside(text, _NOT_RUNNING):
                continue
            parts: list[nodes.Node] = []
            rest = str(text)
            while found := _DOI.search(rest):
                doi = doi_in(found[0])
                link = nodes.reference(doi, doi, refuri=f"https://doi.org/{doi}", internal=False)
                parts += [nodes.Text(rest[: found.start()]), link]
                rest = rest[found.start() + len(doi) :]
            if parts:
                text.parent.replace(text, [*parts, nodes.Text(rest)])


def doi_in(found: str) -> str:
    """Leave out what belongs to the sentence: a full stop, a bracket that was opened before."""
    found = found.rstrip(".:")
    while found.endswith(")") and found.count(")") > found.count("("):
        found = found[:-1].rstrip(".:")
    return found


def _inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Tell whether a node stands within one of these kinds."""
    above = node.parent
    while above is not None:
        if isinstance(above, kinds):
            return True
        above = above.parent
    return False


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.add_transform(NameLinks)
    app.add_post_transform(DoiLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

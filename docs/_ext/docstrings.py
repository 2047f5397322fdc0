"""How docstrings become pages: fields of results, types that are links, short signatures."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sphinx.errors import NoUri

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def _fields(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """List the fields of a result: its Attributes section, or else the names and their types."""
    if what not in {"class", "exception"}:
        return
    start, end = _attributes(lines)
    if start is not None:
        told = [line[len(_indent(lines[start + 2 : end])) :] for line in lines[start + 2 : end]]
        lines[start:end] = _field_list(_entries(told))
    elif dataclasses.is_dataclass(obj):
        own = [one for one in dataclasses.fields(obj) if not one.name.startswith("_")]
        entries = [
            (", ".join(one.name for one in group), kind, "")
            for kind, group in groupby(own, key=lambda one: _plain(str(one.type)))
        ]
        if entries:
            lines += ["", *_field_list(entries)]


def _attributes(lines: list[str]) -> tuple[int | None, int]:
    """Give where the section begins and where it ends."""
    for start, line in enumerate(lines[:-1]):
        if line.strip() == "Attributes" and set(lines[start + 1].strip()) == {"-"}:
            rest = range(start + 2, len(lines) - 1)
            ends = (
                at
                for at in rest
                if lines[at].strip() and re.fullmatch("-{3,}", lines[at + 1].strip())
            )
            return start, next(ends, len(lines))
    return None, 0


def _indent(lines: list[str]) -> str:
    return next((line[: len(line) - len(line.lstrip())] for line in lines if line.strip()), "")


def _entries(lines: list[str]) -> list[tuple[str, str, str]]:
    """Read names, type and description of each field."""
    found: list[tuple[str, str, str]] = []
    for line in lines:
        if line and not line[0].isspace():
            names, _, kind = line.partition(" : ")
            found.append((names, kind, ""))
        elif line.strip() and found:
            names, kind, text = found[-1]
            found[-1] = (names, kind, f"{text} {line.strip()}".strip())
    return found


def _field_list(entries: list[tuple[str, str, str]]) -> list[str]:
    """Write fields as napoleon writes parameters."""
    lines = [":Fields:"]
    for names, kind, text in entries:
        said = ", ".join(f"**{one.strip()}**" for one in names.split(","))
        linked = re.sub(r"(?<![\w.`])[A-Z]\w+", r":py:class:`\g<0>`\\ ", kind).replace("\\  ", " ")
        linked = linked.removesuffix("\\ ")
        lines.append(
            f"   * {said}" + (f" ({linked})" if kind else "") + (f" – {text}" if text else "")
        )
    return [*lines, ""]


def _skip(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out a property that the fields of its class have told already."""
    if not isinstance(obj, property) or obj.fget is None:
        return None
    module = sys.modules.get(obj.fget.__module__)
    owner = getattr(module, obj.fget.__qualname__.partition(".")[0], None)
    lines = (inspect.getdoc(owner) or "").splitlines()
    start, end = _attributes(lines)
    told = _entries(lines[start + 2 : end]) if start is not None else []
    return True if any(name in re.split(r",\s*", names) for names, _, _ in told) else None


def _plain(kind: str) -> str:
    """Say a type as docstrings do."""
    kind = re.sub(r"(np\.typing\.)?NDArray\[[\w.]+\]|np\.ndarray|Floats|Ints|Bools", "array", kind)
    kind = re.sub(r"tuple\[([^\[\]]+), \.\.\.\]", r"tuple of \1", kind)
    kind = re.sub(r"dict\[(\w+), (\w+)\]", r"dict of \1 to \2", kind)
    return kind.replace("pd.", "").replace(" | ", " or ")


def _signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str, returned: str
) -> tuple[str, str] | None:
    """Leave out how a result is made: nobody but the library makes one."""
    from peer_evidence.results import Result

    made_here = inspect.isclass(obj) and (issubclass(obj, Result) or name.endswith(".Evidence"))
    return ("", "") if made_here else None


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: Any, contnode: nodes.TextElement
) -> nodes.Node | None:
    """Find a name by its last part; leave the words of a type, and other libraries' names, as text.

    Docstrings name a class or a function of the package without its module, and say types in
    words ("array of float, shape (k,)").
    """
    if node.get("refdomain") != "py":
        return None
    target = node.get("reftarget", "")
    domain = env.domains.python_domain
    last = target.removeprefix("pe.").removeprefix("peer_evidence.")
    found = [name for name in domain.objects if name.endswith(f".{last}")]
    found = [name for name in found if domain.objects[name].objtype != "module"]
    public = [name for name in found if name == f"peer_evidence.{last}"]
    if len(public or found) == 1:
        (name,) = public or found
        entry = domain.objects[name]
        try:
            from sphinx.util.nodes import make_refnode

            where = node.get("refdoc", env.docname)
            return make_refnode(app.builder, where, entry.docname, entry.node_id, contnode, name)
        except NoUri:
            return None
    named_in_page = node.get("refwarn") and node.get("reftype") == "obj"
    return contnode if node.get("reftype") in {"class", "obj"} and not named_in_page else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it; fields come before napoleon reads the sections."""
    app.connect("autodoc-process-docstring", _fields, priority=400)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-skip-member", _skip)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

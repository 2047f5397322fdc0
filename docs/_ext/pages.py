"""Parts of pages that are made when the site is built: command help, tables of names, links.

This happens to a page when it is read:

- A fence ``{commands}`` becomes a section for each command, with its ``--help``.
- A fence ``{names} MODULE`` with a public name a line becomes a table of those names, followed by
  their docstrings.
- A link to a file of the repository that is also a page of the site leads to the page.
- A pattern of a contents list that no page matches is left out of it.
- The pages of the gallery lose the archive beside each example, which would hold a clock.
"""

from __future__ import annotations

import importlib
import inspect
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click
    from sphinx.application import Sphinx

_FENCE = re.compile(r"^```\{(commands|names)\} *(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# a file outside docs/ -> the page that holds it; the others are offered as they are
_PAGES = {"data/README.md": "bundled-records.md", "CHANGELOG.md": "changelog.md"}
_LINK = re.compile(r"\]\((?:\.\./)+([\w./-]+\.md)(#[\w-]+)?\)")
_CONTENTS = re.compile(r"^```\{toctree\}.*?^```$", re.MULTILINE | re.DOTALL)
_LAST_LINE = re.compile(r"\n\n```$", re.MULTILINE)  # where a doctest needs an empty one
_ARCHIVE = re.compile(r"^ *\.\. container:: .*download-zip\n\n.*\n", re.MULTILINE)
_NOTE = re.compile(r"^\.\. only:: html\n\n +\.\. note::\n(?:\n| +.*\n)+", re.MULTILINE)
WIDTH = 80
GALLERY = Path(__file__).parents[1] / "gallery"


def command_help() -> list[tuple[str, str]]:
    """Give each command of ``peer-evidence``, itself first, with what ``--help`` prints."""
    import click

    from peer_evidence.cli import main

    def told(command: click.Command, above: click.Context | None, name: str) -> Any:
        settings = {**command.context_settings, "terminal_width": WIDTH}
        context = click.Context(command, parent=above, info_name=name, **settings)
        yield context.command_path, command.get_help(context)
        if isinstance(command, click.Group):
            for one in command.list_commands(context):
                part = command.get_command(context, one)
                if part is not None and not part.hidden:
                    yield from told(part, context, one)

    return list(told(main, None, "peer-evidence"))


def _commands() -> str:
    parts = []
    for path, text in command_help():
        title = path.removeprefix("peer-evidence ")
        parts.append(f"## {title}\n\n```text\n$ {path} --help\n{text}\n```\n")
    return "\n".join(parts)


def _names(module: str, names: list[str]) -> str:
    """Write a table of names and what autodoc is to say of each of them.

    A name with dots is a result that has no public name of its own.
    """
    lines = [f".. currentmodule:: {module}", "", ".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   ~{name}" if "." in name else f"   {name}" for name in names]
    for name in names:
        inner, _, last = name.rpartition(".")
        home = importlib.import_module(f"{module}.{inner}" if inner else module)
        full = f"{module}.{name}" if inner else name
        lines += ["", *_entry(getattr(home, last), full)]
        if shown := _examples(module, name):
            lines += ["", f"   In the gallery: {shown}."]
    return "```{eval-rst}\n" + "\n".join(lines) + "\n```"


def _examples(module: str, name: str) -> str:
    """Give links to the examples of the gallery that draw a figure."""
    if not module.endswith(".figures"):
        return ""
    called = re.compile(rf"figures\.{name}\(")
    files = sorted(GALLERY.rglob("*.py"))
    shown = [one for one in files if called.search(one.read_text(encoding="utf-8"))]
    places = [one.relative_to(GALLERY).with_suffix("").as_posix() for one in shown]
    return ", ".join(f":doc:`/_gallery/{one}`" for one in places)


def _entry(value: Any, name: str) -> list[str]:
    if not inspect.isclass(value):
        return [f".. autofunction:: {name}"]
    if issubclass(value, BaseException):
        return [f".. autoexception:: {name}", "   :show-inheritance:"]
    return [f".. autoclass:: {name}", "   :members:"]


def transform(text: str, docs: Path) -> str:
    """Give the text of a page with its fences and links replaced; ``docs`` holds the pages."""

    def listed(found: re.Match[str]) -> str:
        lines = found[0].splitlines()
        kept = [line for line in lines if "*" not in line or any(docs.glob(f"{line}.md"))]
        return "\n".join(kept) if any(kept[1:-1]) and kept[-2] else ""

    def made(found: re.Match[str]) -> str:
        kind, module, body = found.groups()
        return _commands() if kind == "commands" else _names(module, body.split())

    def led(found: re.Match[str]) -> str:
        page = _PAGES.get(found[1])
        return f"]({page}{found[2] or ''})" if page else found[0]

    text = _LINK.sub(led, _FENCE.sub(made, _CONTENTS.sub(listed, text)))
    return _LAST_LINE.sub("\n```", text)


def example(text: str) -> str:
    """Give the text of an example's page without its archive and the note that announces it."""
    return _NOTE.sub("", _ARCHIVE.sub("", text))


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    change = example if docname.startswith("_gallery/") else partial(transform, docs=app.srcdir)
    content[0] = change(content[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

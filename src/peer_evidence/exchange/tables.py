"""A table of any result as a file for a manuscript: Word, HTML, LaTeX or CSV."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peer_evidence.checks import check_frame
from peer_evidence.documents import TextTable, save_document
from peer_evidence.exchange.targets import free_file, write_whole
from peer_evidence.formatting import cell, frame_to_html, words
from peer_evidence.spreadsheet import to_csv

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = (".docx", ".html", ".tex", ".csv")
_LATEX = {
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    **{"\N{MINUS SIGN}": "$-$", "∞": r"$\infty$"},
}
# a spreadsheet that opens the page would run these cells: both kinds are told that they are text
_FORMULA_CELL = re.compile(r'<(t[dh])((?: scope="\w+")?)>(?=\s*[=+@-])')
_AS_TEXT = r"""<\1\2 sdnum="1033;0;@" style="mso-number-format:'\\@'">"""
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>table {{ border-collapse: collapse; font: 10pt sans-serif }}
th, td {{ padding: 2pt 6pt; text-align: left; vertical-align: top; border-bottom: 1px solid #999 }}
caption {{ text-align: left; font-weight: bold }}</style></head><body>
{table}
</body></html>
"""


def save_table(result: Any, path: str | Path, caption: str = "") -> Path:
    """Save the table of a result for a manuscript.

    Parameters
    ----------
    result : Result or DataFrame
        Anything with ``to_frame()``, or a table.
    path : str or Path
        The file that is not there yet: ``.docx``, ``.html``, ``.tex`` (a longtable with lines of
        booktabs) or ``.csv``.
    caption : str
        Stands above the table; a CSV file has none.

    Returns
    -------
    Path
        The file; it appears whole or not at all. Numbers are written as in every display of the
        package, and unrounded in CSV; markup in a cell stays text.

    Raises
    ------
    InputError
        The path is taken or ends otherwise, or there is no table.
    PeerEvidenceError
        A Word document is asked for and python-docx is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import peer_evidence as pe
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     file = pe.save_table(pe.pools(pe.load()), f"{somewhere}/pools.tex", "Pools")
    ...     "longtable" in file.read_text(encoding="utf-8")
    True
    """
    frame = result.to_frame() if hasattr(result, "to_frame") else result
    check_frame("result", frame)
    target = free_file(path, *_ENDINGS)
    flat = _flat(frame)
    if target.suffix == ".docx":
        header, rows = _texts(flat)
        table = TextTable(tuple(header), tuple(tuple(row) for row in rows), "")
        return save_document(target, caption or "Table", [table])
    if target.suffix == ".csv":
        text = to_csv(flat)
    elif target.suffix == ".html":
        table_html = _FORMULA_CELL.sub(_AS_TEXT, frame_to_html(flat, caption or None))
        text = _PAGE.format(title=html.escape(caption or "Table"), table=table_html)
    else:
        text = latex(flat, caption)
    return write_whole(target, text.encode())


def latex(frame: pd.DataFrame, caption: str = "") -> str:
    r"""Write a frame as a LaTeX longtable, every text escaped.

    Examples
    --------
    >>> import pandas as pd
    >>> print(latex(pd.DataFrame({"study": ["A & B"], "effect": [-0.25]})).splitlines()[4])
    A \& B & $-$0.250 \\
    """
    header, rows = _texts(frame)
    lines = [r"% needs \usepackage{booktabs,longtable}"]
    lines.append(rf"\begin{{longtable}}{{{'l' * len(header)}}}")
    if caption:
        lines.append(rf"\caption{{{_escaped(caption)}}}\\")
    lines.append(rf"\toprule {' & '.join(_escaped(one) for one in header)} \\")
    lines.append(r"\midrule\endhead")
    lines += [rf"{' & '.join(_escaped(one) for one in row)} \\" for row in rows]
    lines += [r"\bottomrule", r"\end{longtable}"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Escape a text for LaTeX; a bracket at the start of a row would belong to the break before."""
    plain = "".join(_LATEX.get(mark, mark) for mark in " ".join(text.split()))
    return f"{{}}{plain}" if plain.startswith(("[", "*")) else plain


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    named = any(level is not None for level in frame.index.names)
    return frame.reset_index() if named else frame


def _texts(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    columns = [str(column) for column in frame.columns]
    rows = [
        [cell(column, value) for column, value in zip(columns, record, strict=True)]
        for record in frame.itertuples(index=False, name=None)
    ]
    return [words(column) for column in columns], rows

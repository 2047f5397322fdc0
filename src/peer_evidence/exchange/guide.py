"""What a new review tells its author: the guide to its tables, and a form to extract into."""

from __future__ import annotations

from peer_evidence.records.columns import Column, Table
from peer_evidence.records.package import Package
from peer_evidence.records.tables import OUTCOMES, RISK_OF_BIAS, STUDIES, TABLES

_EXAMPLE = (
    "Every row here is invented, to show how tables are filled. Delete them before you enter your "
    "own."
)
_FACTS = (
    "title, question, intervention, comparison, population, authors, licence, published (a date), "
    "records_note, and narrative (the review_id of the text whose statements are checked)"
)


def guide_lines(place: str, start: str, format: str) -> list[str]:
    """Write the guide to a new review, as lines of Markdown.

    Parameters
    ----------
    place : str
        What the commands are given: the folder, or the workbook.
    start : str
        ``"blank"`` or ``"example"``.
    format : str
        ``"csv"`` or ``"xlsx"``.
    """
    table = "sheet" if format == "xlsx" else "file"
    shown = f'"{place}"' if " " in place else place
    lines = ["# Your review", ""]
    if start == "example":
        lines += [_EXAMPLE, ""]
    lines += [
        f"Fill the {table}s below. studies and outcomes are needed, the others when you have them;",
        f"a {table} without rows may stay as it is or be deleted. Leave a cell empty when no text",
        "gives its value: never write 0, NA or a guess. Look at any time what is wrong, and what",
        "there is so far:",
        "",
        f"    peer-evidence check {shown}      every fault, with its place",
        f"    peer-evidence review {shown}     the page, its figures and tables",
        f"    peer-evidence claims {shown}     stated against computed",
        f"    peer-evidence explore {shown}    one page to filter and re-pool in",
        "",
        "1. package: facts about the review as a whole: " + _FACTS + ".",
        "2. vocabulary: the words of your topic (domain, problem_type, initiative_type,",
        "   comparator_type). As long as a vocabulary has no word here, any word is allowed; with",
        "   the first one a slip of the pen becomes a fault.",
        "3. studies, then outcomes: one row a result. Enter numbers as the text prints them.",
        "4. The rest as your review needs it.",
        "",
        f"{'The sheet codebook' if format == 'xlsx' else 'codebook.csv'} says of every column",
        "what it holds, its unit and the words it allows.",
        "",
        f"## The {table}s",
        "",
    ]
    for one in TABLES:
        lines += _about(one, format)
    return lines


def _about(table: Table, format: str) -> list[str]:
    name = table.name if format == "xlsx" else table.file
    needed = " (needed)" if table.required else ""
    must = [column.name for column in table.columns if column.required]
    may = [column.name for column in table.columns if not column.required]
    lines = [f"### {name}{needed}", "", f"One row is {table.one_row_is}.", ""]
    lines.append(f"- must be filled: {', '.join(must)}")
    if may:
        lines.append(f"- may be empty: {', '.join(may)}")
    if table.key:
        lines.append(f"- no two rows with the same {' + '.join(table.key)}")
    return [*lines, ""]


def extraction_form(package: Package) -> str:
    """Write a form to extract one study into, as Markdown to print or to copy.

    Parameters
    ----------
    package : Package
        The tables and the words that they allow.
    """
    lines = ["# Extraction form", ""]
    lines += [
        "One form a study. * must be filled; leave the rest empty when the text does not say."
    ]
    lines += ["", "Extracted by: ____________________  on: ____________  checked by: ____________"]
    for table, heading in (
        (STUDIES, "The study"),
        (OUTCOMES, "A result (copy this part for each)"),
        (RISK_OF_BIAS, "A judgement on risk of bias (copy for each domain)"),
    ):
        lines += ["", f"## {heading}", "", f"Goes to {table.file}.", ""]
        lines += [_field(table, column, package) for column in table.columns]
    return "\n".join(lines) + "\n"


def _field(table: Table, column: Column, package: Package) -> str:
    """Write one line of the form."""
    star = "*" if column.required else ""
    unit = f" [{column.unit}]" if column.unit else ""
    about = f" ({column.description})" if column.description else ""
    words = package.allowed(table.name, column) if column.kind == "category" else None
    answer = " ".join(f"☐ {word}" for word in words) if words else "____________________"
    return f"- **{column.name}**{star}{unit}{about}: {answer}"

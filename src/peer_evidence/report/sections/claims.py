"""What the narrative says, claim by claim."""

from __future__ import annotations

from markupsafe import Markup

from peer_evidence.formatting import words
from peer_evidence.report.blocks import Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context

MARKS = {"supported": "\N{CHECK MARK}", "contradicted": "\N{MULTIPLICATION SIGN}"}
OPEN = "\N{WHITE CIRCLE}"


def section(context: Context) -> Section | None:
    """Show each statement with what the records make of it."""
    frame = context.analyses.claims.to_frame()
    if frame.empty:
        return None
    lines = dict(
        zip(
            context.ev.review_findings["finding_id"],
            context.ev.lines("review_findings"),
            strict=True,
        )
    )
    rows: list[list[Html]] = []
    for claim in frame.to_dict("records"):
        verdict = str(claim["verdict"])
        mark = MARKS.get(verdict, OPEN)
        shown = Markup('<span class="verdict {}">{} {}</span>').format(
            verdict, mark, words(verdict)
        )
        stated = context.numbers.show(
            claim["stated"] or "in words",
            f"stated in {claim['finding_id']}",
            f"{claim['source']}, {claim['locator']}",
            f"review_findings.csv:{lines[claim['finding_id']]}; {claim['source']}",
        )
        rows.append([claim["claim"], stated, claim["computed"], shown, claim["why"]])
    counts = frame["verdict"].value_counts()
    answer = (
        f"The records support {counts.get('supported', 0)} of {len(frame)} statements, contradict "
        f"{counts.get('contradicted', 0)} and cannot settle {counts.get('not_checkable', 0)}."
    )
    grid = Grid(
        "Statements and what the records say of them",
        ["statement", "stated", "computed from the records", "verdict", "why"],
        rows,
        wide=frozenset({2, 4}),
    )
    note = Paragraph(
        "A statement that only repeats the cell it came from is no evidence; agreement between "
        "two texts is mentioned, never counted as support.",
        small=True,
    )
    return Section("claims", "What is said, claim by claim", answer, [grid, note, *_links(context)])


def _links(context: Context) -> list[Paragraph]:
    files = context.figures["claims"].files if "claims" in context.figures else ()
    if not files:
        return []
    links = Markup(", ").join(
        Markup('<a href="{}">{}</a>').format(name, name.rsplit(".", 1)[1]) for name in files
    )
    return [Paragraph(Markup("The same table as a figure: {}.").format(links), small=True)]

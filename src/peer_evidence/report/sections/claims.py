"""What the narrative says, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from peer_evidence.formatting import words
from peer_evidence.report.blocks import Grid, Html, Paragraph, Section
from peer_evidence.report.page import Context

MARKS = {"supported": "\N{CHECK MARK}", "contradicted": "\N{MULTIPLICATION SIGN}"}
OPEN = "\N{WHITE CIRCLE}"
_HOW = "pe.check_claims(ev)"


def section(context: Context) -> Section | None:
    """Show each statement with what the records make of it."""
    frame = context.analyses.claims.to_frame()
    if frame.empty:
        return None
    lines = _lines(context, "review_findings")
    checks = _lines(context, "claims")
    settled = frame["verdict"] != "not_checkable"
    ordered = pd.concat([frame[settled], frame[~settled]])
    rows = [_row(context, claim, lines, checks) for claim in ordered.to_dict("records")]
    answer = Markup("Of {} statements {}.").format(
        context.numbers.show(len(frame), "statements checked", _HOW, "tables/claims.csv"),
        verdict_counts(context, frame),
    )
    grid = Grid(
        "Statements and what the records say of them",
        ["statement", "stated", "computed from the records", "verdict", "why"],
        rows,
        wide=frozenset({0, 4}),
    )
    note = Paragraph(
        "A statement that only repeats the cell it came from is no evidence; agreement between "
        "two texts is mentioned, never counted as support.",
        small=True,
    )
    return Section("claims", "What is said, claim by claim", answer, [grid, note, *_links(context)])


def verdict_counts(context: Context, frame: pd.DataFrame) -> Markup:
    """Say how many statements have which verdict, each number traced."""
    counts = frame["verdict"].value_counts()

    def show(verdict: str) -> Markup:
        what = f"statements with the verdict {words(verdict)}"
        return context.numbers.show(int(counts.get(verdict, 0)), what, _HOW, "tables/claims.csv")

    return Markup("the records support {}, contradict {}, and cannot settle {}").format(
        show("supported"), show("contradicted"), show("not_checkable")
    )


def _lines(context: Context, table: str) -> dict[str, int]:
    """Give the line of each finding in a table; empty when the package lacks the table."""
    if table not in context.ev.tables:
        return {}
    findings = context.ev.table(table)["finding_id"]
    return dict(zip(findings, context.ev.lines(table), strict=True))


def _row(
    context: Context,
    claim: Mapping[Any, Any],
    lines: Mapping[str, int],
    checks: Mapping[str, int],
) -> list[Html]:
    finding, verdict = str(claim["finding_id"]), str(claim["verdict"])
    mark = MARKS.get(verdict, OPEN)
    shown = Markup('<span class="verdict {}">{} {}</span>').format(verdict, mark, words(verdict))
    where = f"review_findings.csv:{lines[finding]}; {claim['source']}, {claim['locator']}"
    stated = context.numbers.show(
        words(claim["stated"]) if claim["stated"] else "in words",
        f"stated, {finding}",
        where,
        where,
    )
    computed: Html = ""
    if claim["computed"]:
        named = f"claims.csv:{checks[finding]}" if finding in checks else "members by name"
        what = f"computed for {finding} by the check {claim['check']}"
        computed = context.numbers.show(claim["computed"], what, _HOW, named)
    return [claim["claim"], stated, computed, shown, claim["why"]]


def _links(context: Context) -> list[Paragraph]:
    files = context.figures["claims"].files if "claims" in context.figures else ()
    if not files:
        return []
    links = Markup(", ").join(
        Markup('<a href="{}">{}</a>').format(name, name.rsplit(".", 1)[1]) for name in files
    )
    return [Paragraph(Markup("The same table as a figure: {}.").format(links), small=True)]

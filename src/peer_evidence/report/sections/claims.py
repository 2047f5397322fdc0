"""What the narrative says, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from peer_evidence.claims.case import scope_words
from peer_evidence.formatting import words
from peer_evidence.report.blocks import Block, Grid, Html, Paragraph, Section
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
    sure = _confidences(context)
    rows = [_row(context, claim, lines, sure, checks) for claim in ordered.to_dict("records")]
    answer = Markup("Of {} statements {}.").format(
        context.numbers.show(len(frame), "statements checked", _HOW, "tables/claims.csv"),
        verdict_counts(context, frame),
    )
    grid = Grid(
        "Statements and what the records say of them",
        ["statement", "said by", "stated", "computed from the records", "verdict", "why"],
        rows,
        wide=frozenset({0, 5}),
        stacked=True,
    )
    note = Paragraph(
        "A statement that only repeats the cell it came from is no evidence; agreement between "
        "two texts is mentioned, never counted as support.",
        small=True,
    )
    blocks: list[Block] = [grid, note, *_untested(context, lines, sure), *_links(context)]
    return Section("claims", "What is said, claim by claim", answer, blocks)


def verdict_counts(context: Context, frame: pd.DataFrame) -> Markup:
    """Say how many statements have which verdict, each number traced."""
    counts = frame["verdict"].value_counts()

    def show(verdict: str) -> Markup:
        what = f"statements with the verdict {words(verdict)}"
        return context.numbers.show(int(counts.get(verdict, 0)), what, _HOW, "tables/claims.csv")

    said = Markup("the records support {}, contradict {}, and cannot settle {}").format(
        show("supported"), show("contradicted"), show("not_checkable")
    )
    if context.analyses.claims.untested.empty:
        return said
    return said + Markup("; {} more are recorded but not checked").format(_left(context))


def _lines(context: Context, table: str) -> dict[str, int]:
    """Give the line of each finding in a table; empty when the package lacks the table."""
    if table not in context.ev.tables:
        return {}
    findings = context.ev.table(table)["finding_id"]
    return dict(zip(findings, context.ev.lines(table), strict=True))


def _confidences(context: Context) -> dict[str, str]:
    """Give the confidence of each finding."""
    findings = context.ev.review_findings
    return dict(zip(findings["finding_id"], findings["confidence"].astype(str), strict=True))


def _row(
    context: Context,
    claim: Mapping[Any, Any],
    lines: Mapping[str, int],
    sure: Mapping[str, str],
    checks: Mapping[str, int],
) -> list[Html]:
    finding, verdict = str(claim["finding_id"]), str(claim["verdict"])
    mark = MARKS.get(verdict, OPEN)
    shown = Markup('<span class="verdict {}">{} {}</span>').format(verdict, mark, words(verdict))
    where = f"review_findings.csv:{lines[finding]}, column value; {claim['source']}"
    where += f", {claim['locator']} ({sure[finding]})"
    stated = context.numbers.show(
        words(claim["stated"]) if claim["stated"] else "in words",
        "what the text states",
        "ev.review_findings",
        where,
    )
    computed: Html = ""
    if claim["computed"]:
        named = f"claims.csv:{checks[finding]}" if finding in checks else "members by name"
        what = f"computed by the check {words(claim['check'])}"
        computed = context.numbers.show(claim["computed"], what, _HOW, named)
    labels = dict(zip(context.ev.reviews["review_id"], context.ev.reviews["label"], strict=True))
    said = _said_by(context, claim["source"], labels[claim["review_id"]], claim["scope"])
    why = _why(claim["why"], claim["others"])
    return [claim["claim"], said, stated, computed, shown, why]


def _why(why: str, others: str) -> Markup:
    """Show the first sentence of the reason, the rest behind it; what others say stays in sight."""
    first, stop, rest = why.partition(". ")
    shown = Markup("{}").format(first + stop.strip())
    if rest:
        shown = Markup("<details><summary>{}</summary>{}</details>").format(shown, rest)
    if others:
        shown += Markup("<p><strong>Other texts, not checked here:</strong> {}</p>").format(others)
    return shown


def _said_by(context: Context, source: str, about: str, scope: str) -> str:
    """Name the text that says it, the review it is about, and the scope where it is not all."""
    place = scope_words(context.ev, scope)
    said = source if source == about else f"{source}, about {about}"
    return f"{said}; scope: {place.lower()}" if place else said


def _left(context: Context) -> Markup:
    """Give the number of statements that no check is defined for, traced."""
    number = len(context.analyses.claims.untested)
    what = "statements that no check is defined for"
    return context.numbers.show(number, what, f"{_HOW}.untested", "")


def _untested(context: Context, lines: Mapping[str, int], sure: Mapping[str, str]) -> list[Block]:
    """List the statements that no check is defined for, folded; they may speak against others."""
    frame = context.analyses.claims.untested
    if frame.empty:
        return []
    said = Markup(
        "{} further statements are recorded and not checked, because no check is defined for a "
        "statement in words. Some speak against what is supported above; none is left out here."
    ).format(_left(context))
    rows: list[list[Html]] = []
    for claim in frame.to_dict("records"):
        finding = claim["finding_id"]
        where = f"review_findings.csv:{lines[finding]}, column value; {claim['source']}"
        where += f", {claim['locator']} ({sure[finding]})"
        value = words(claim["value"]) if claim["value"] else "in words"
        rows.append(
            [
                claim["claim"],
                _said_by(context, claim["source"], claim["review"], claim["scope"]),
                context.numbers.show(value, "what the text states", _HOW, where),
                claim["locator"],
            ]
        )
    grid = Grid(
        "Statements that are not checked",
        ["statement", "said by", "stated", "where in the text"],
        rows,
        wide=frozenset({0}),
        folded=f"Show all {len(frame)} statements that are not checked",
        stacked=True,
    )
    return [Paragraph(said), grid]


def _links(context: Context) -> list[Paragraph]:
    saved = context.figures.get("claims")
    if saved is None:
        return []
    links = Markup(", ").join(
        Markup('<a href="{}">{}</a>').format(name, name.rsplit(".", 1)[1]) for name in saved.files
    )
    return [
        Paragraph(
            Markup("What the narrative itself says, as a figure: {}.").format(links), small=True
        )
    ]

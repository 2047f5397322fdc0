"""Methods, references, and the provenance of every number."""

from __future__ import annotations

import platform
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING

import pandas as pd

from peer_evidence import __version__
from peer_evidence.formatting import count
from peer_evidence.records.write import csv_text
from peer_evidence.report.blocks import Block, Bullets, Grid, Heading, Html, Paragraph, Section
from peer_evidence.report.page import Context
from peer_evidence.report.pool_words import effects_made
from peer_evidence.report.prose import pooling
from peer_evidence.report.references import Cited, linked, vancouver

if TYPE_CHECKING:
    from peer_evidence.records.evidence import Evidence

_POOLS = (
    "Pools are by outcome domain and time of measurement, random effects by restricted maximum "
    "likelihood, with normal and ad hoc Hartung-Knapp intervals [@hartung] [@adhoc]."
)
_METHODS = (
    "Tallies count the results whose contrast is between intervention and comparison; results of "
    "subgroups, other contrasts, single groups and repeated sources are left out and listed.",
    "One vote a study: a study's agreeing results in a group are one vote; results in both "
    "directions are shown apart and favour neither side; results without a sign do not vote.",
    "Sign tests are exact and two-sided against one half (binomial), with Wilson intervals "
    "[@wilson]. Studies without a sign are shown beside each test and counted against the "
    "intervention in a second one. A sign test says nothing of the size of an effect.",
    "Vote counting by statistical significance is not a synthesis: conclusions are tallied only to "
    "show what the sources say [@other].",
    "A claim is supported or contradicted only by a computation on the records; otherwise it is "
    "not checkable, with the reason.",
)


def section(context: Context) -> Section:
    """State the methods, the versions and the references."""
    answer = "Counting is by direction and one vote a study; every rule is stated here."
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "scipy"))
    used = f"peer_evidence {__version__}, Python {platform.python_version()}, {packages}."
    package = context.ev.package
    cite = Cited()
    authors = [Paragraph(f"Authors: {package['authors']}.")] if "authors" in package else []
    blocks: list[Block] = [
        *authors,
        Bullets([cite.fill(rule) for rule in _rules(context)]),
        *_pooling(context, cite),
        _limits(context.ev),
        Paragraph(used, small=True),
        Paragraph(_fingerprint(context.ev), small=True),
        *_cited(cite),
        Heading("Studies"),
        _references(context.ev.studies, "study_id"),
    ]
    if len(context.ev.reviews):
        blocks += [Heading("Reviews"), _references(context.ev.reviews, "review_id")]
    return Section("methods", "Methods, versions, references", answer, blocks)


def _rules(context: Context) -> list[str]:
    """List the rules; of the effects only how those that are pooled were made."""
    pools = context.analyses.pools
    made = f"{effects_made(pools)} {_POOLS}" if len(pools) else _POOLS
    return [*_METHODS[:-1], made, _METHODS[-1]]


def _limits(ev: Evidence) -> Paragraph:
    """Say what the counts cannot bear; of the search only what the records tell."""
    told = "flow" in ev.tables and len(ev.flow) > 0
    search = (
        ""
        if told
        else "no search is recorded (flow.csv), so that the records cannot be taken for all there "
        "is; "
    )
    return Paragraph(
        f"Limits: {search}a study enters a count whatever its quality; results of one study in "
        "different domains are not independent."
    )


def _pooling(context: Context, cite: Cited) -> list[Paragraph]:
    """Say in full how the effects were pooled; nothing when there is no pool."""
    pools = context.analyses.pools
    return [Paragraph(pooling(pools.analyses[0], cite))] if len(pools) else []


def _cited(cite: Cited) -> list[Block]:
    """List what the methods cite, in the order in which they cite it."""
    listed = [linked(one) for one in cite.listed()]
    return [Heading("References of the methods"), Bullets(listed, ordered=True)] if listed else []


def _fingerprint(ev: Evidence) -> str:
    """Name the records by their content, so that a reader can tell whether they are the same."""
    digest = sha256()
    contents = {name: file.read_bytes() for name, file in ev.files().items()}
    if not contents:  # not CSV, such as a workbook: what the tables would be as CSV
        contents = {name: csv_text(ev.raw_table(name)).encode() for name in ev.tables}
    for name in sorted(contents):
        digest.update(name.encode() + b"\0" + contents[name] + b"\0")
    noun = count(len(contents), "table")
    return (
        f"Records: {noun}, SHA-256 over names and contents {digest.hexdigest()}. The "
        "command peer-evidence review, given their folder, makes this report again."
    )


def provenance(context: Context) -> Section:
    """List where each underlined number came from; to be built last."""
    origins = context.numbers.origins
    rows: list[list[Html]] = [
        [origin.shown, origin.what, origin.how, origin.where] for origin in origins
    ]
    grid = Grid(
        "The numbers of this page in the order they first appear",
        ["number", "what", "how", "where"],
        rows,
        wide=frozenset({1, 2, 3}),
        anchors=[origin.anchor for origin in origins],
        folded=f"Show all {len(origins)}",
    )
    answer = (
        f"{len(origins)} numbers or sets of numbers of this page, each with its origin; the files "
        "named stand in the folder records beside the page."
    )
    return Section("provenance", "Where each number comes from", answer, [grid])


def _references(frame: pd.DataFrame, key: str) -> Bullets:
    rows = frame.sort_values(["label", key]).to_dict("records")
    return Bullets([vancouver(row) for row in rows], ordered=True)

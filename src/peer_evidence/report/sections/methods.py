"""Methods, references, and the provenance of every number."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd
from markupsafe import Markup

from peer_evidence import __version__
from peer_evidence.report.blocks import Block, Bullets, Grid, Heading, Html, Paragraph, Section
from peer_evidence.report.page import Context

_METHODS = (
    "Tallies count the results whose contrast is between intervention and comparison; results of "
    "subgroups, other contrasts, single groups and repeated sources are left out and listed.",
    "One vote a study: a study's agreeing results in a group are one vote; results in both "
    "directions are shown apart and favour neither side; results without a sign do not vote.",
    "Sign tests are exact and two-sided against one half (binomial), with Wilson intervals "
    "(Brown, Cai and DasGupta 2001, Statistical Science 16:101). Studies without a sign are shown "
    "beside each test and counted against the intervention in a second one. A sign test says "
    "nothing of the size of an effect.",
    "Vote counting by statistical significance is not a synthesis: conclusions are tallied only to "
    "show what the sources say (McKenzie and Brennan, Cochrane Handbook, chapter 12).",
    "Effects are standardised mean differences with Hedges' correction, turned so that positive "
    "favours the intervention; counts enter as odds ratios divided by π/√3 (Chinn 2000, Stat Med "
    "19:3127). Pools are by outcome domain and time of measurement, random effects by restricted "
    "maximum likelihood, with normal and ad hoc Hartung-Knapp intervals (Hartung 1999; Röver 2015, "
    "doi 10.1186/s12874-015-0091-1). Where no result prints means, odds ratios are pooled.",
    "A claim is supported or contradicted only by a computation on the records; otherwise it is "
    "not checkable, with the reason.",
)


def section(context: Context) -> Section:
    """State the methods, the versions and the references."""
    answer = "Counting is by direction and one vote a study; every rule is stated here."
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "scipy"))
    used = f"peer_evidence {__version__}, Python {platform.python_version()}, {packages}."
    package = context.ev.package
    authors = [Paragraph(f"Authors: {package['authors']}.")] if "authors" in package else []
    blocks: list[Block] = [
        *authors,
        Bullets(_METHODS),
        Paragraph(
            "Limits: the records are what could be found and read, not the result of a systematic "
            "search; a study enters a count whatever its quality; results of one study in "
            "different domains are not independent."
        ),
        Paragraph(used, small=True),
        Heading("Studies"),
        _references(context.ev.studies, "study_id"),
    ]
    if len(context.ev.reviews):
        blocks += [Heading("Reviews"), _references(context.ev.reviews, "review_id")]
    return Section("methods", "Methods, versions, references", answer, blocks)


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
    return Bullets([_reference(row) for row in rows])


def _link(source: str) -> Html:
    """Link a source that is an address or a DOI; leave any other text as it is."""
    if source.startswith(("https://", "http://")):
        return Markup('<a href="{0}">{0}</a>').format(source)
    if source.startswith("10."):
        return Markup('<a href="https://doi.org/{0}">doi:{0}</a>').format(source)
    return source


def _reference(row: Mapping[Any, Any]) -> Html:
    def text(name: str) -> str:
        value = row[name]
        return "" if pd.isna(value) else str(value)

    head = f"{text('authors') or text('label')}."
    parts = [head, *(f"{text(name)}." for name in ("title", "journal", "year") if text(name))]
    reference = Markup("{}").format(" ".join(parts).replace("..", "."))
    if text("doi"):
        reference += Markup(' <a href="https://doi.org/{0}">doi:{0}</a>').format(text("doi"))
    elif text("pmid"):
        reference += Markup(" PMID {}").format(text("pmid"))
    else:
        reference += Markup(" Source: {}").format(_link(text("source")))
    return reference

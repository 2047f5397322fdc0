"""References in Vancouver style: those of the methods and those of the records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from markupsafe import Markup

from peer_evidence.report.blocks import Html

METHODS = {
    "tau2": "Veroniki AA, Jackson D, Viechtbauer W, et al. Methods to estimate the between-study "
    "variance and its uncertainty in meta-analysis. Res Synth Methods 2016;7:55-79. "
    "doi:10.1002/jrsm.1164",
    "profile": "Viechtbauer W. Confidence intervals for the amount of heterogeneity in "
    "meta-analysis. Stat Med 2007;26:37-52. doi:10.1002/sim.2514",
    "hksj": "Knapp G, Hartung J. Improved tests for a random effects meta-regression with a single "
    "covariate. Stat Med 2003;22:2693-710. doi:10.1002/sim.1482",
    "adhoc": "Röver C, Knapp G, Friede T. Hartung-Knapp-Sidik-Jonkman approach and its "
    "modification for random-effects meta-analysis with few studies. BMC Med Res Methodol "
    "2015;15:99. doi:10.1186/s12874-015-0091-1",
    "i2": "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med "
    "2002;21:1539-58. doi:10.1002/sim.1186",
    "wilson": "Brown LD, Cai TT, DasGupta A. Interval estimation for a binomial proportion. Stat "
    "Sci 2001;16:101-33. doi:10.1214/ss/1009213286",
    "other": "McKenzie JE, Brennan SE. Chapter 12: Synthesizing and presenting findings using "
    "other methods. In: Higgins JPT, Thomas J, Chandler J, et al, eds. Cochrane Handbook for "
    "Systematic Reviews of Interventions. Cochrane. www.cochrane.org/handbook",
    "chinn": "Chinn S. A simple method for converting an odds ratio to effect size for use in "
    "meta-analysis. Stat Med 2000;19:3127-31",
    "hartung": "Hartung J. An alternative method for meta-analysis. Biom J 1999;41:901-16",
}
_MARK = re.compile(r"\[@([a-z0-9]+)\]")
_DOI = re.compile(r"doi:(10\.\S+)$")
_JOURNAL = re.compile(
    r"(?P<name>.*?\S)\s+(?P<volume>\d+)?(?P<issue>\([^)]*\))?(?::(?P<pages>\S+))?$"
)
_PAGES = re.compile(r"(\d+)-(\d+)$")
_AUTHORS = 6


@dataclass
class Cited:
    """The references of the methods in the order in which a text cites them.

    Examples
    --------
    >>> cite = Cited()
    >>> cite.fill("By Q-profile [@profile], again [@i2] and [@profile].")
    'By Q-profile [1], again [2] and [1].'
    >>> [one[:14] for one in cite.listed()]
    ['Viechtbauer W.', 'Higgins JPT, T']
    """

    keys: list[str] = field(default_factory=list)

    def __call__(self, key: str) -> str:
        """Cite a reference: its number in brackets."""
        if key not in self.keys:
            self.keys.append(key)
        return f"[{self.keys.index(key) + 1}]"

    def fill(self, text: str) -> str:
        """Put numbers in the place of the marks ``[@key]`` of a text."""
        return _MARK.sub(lambda found: self(found[1]), text)

    def listed(self) -> list[str]:
        """Give the references cited so far."""
        return [METHODS[key] for key in self.keys]


def linked(reference: str) -> Html:
    """Link the DOI at the end of a reference.

    Examples
    --------
    >>> str(linked("Title. J 2001;1:2. doi:10.1/x"))
    'Title. J 2001;1:2. <a href="https://doi.org/10.1/x">doi:10.1/x</a>'
    """
    found = _DOI.search(reference)
    if found is None:
        return reference
    return Markup("{}").format(reference[: found.start()]) + _doi(found[1])


def vancouver(row: Mapping[Any, Any]) -> Html:
    """Give a study or review of the records as a reference; what is not known is left out.

    Parameters
    ----------
    row : mapping
        Authors (parted by semicolons), title, journal (name, volume, issue and pages in one
        text), year, doi, pmid, label and source, as the tables of the records have them.

    Returns
    -------
    str or Markup
        Up to six authors, then et al; DOI, PMID or else the source at the end.

    Examples
    --------
    >>> row = dict(authors="Ng A; Ek B", title="On x", journal="BMJ 338(2):491-497", year=2009)
    >>> str(vancouver({**row, "doi": None, "pmid": "12", "label": "Ng", "source": "y"}))
    'Ng A, Ek B. On x. BMJ 2009;338(2):491-7. PMID 12'
    """

    def text(name: str) -> str:
        value = row[name]
        return "" if pd.isna(value) else str(value).strip()

    authors = [one.strip() for one in text("authors").split(";") if one.strip()]
    if len(authors) > _AUTHORS:
        authors = [*authors[:_AUTHORS], "et al"]
    head = ", ".join(authors) or text("label")
    parts = [head, text("title"), _published(text("journal"), text("year"))]
    said = " ".join(
        part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part
    )
    end: Html
    if text("doi"):
        end = _doi(text("doi"))
    elif text("pmid"):
        end = f"PMID {text('pmid')}"
    else:
        end = Markup("Source: {}").format(_link(text("source")))
    return Markup("{} {}").format(said, end)


def _published(journal: str, year: str) -> str:
    """Put the year where Vancouver style has it: between the journal and its volume."""
    found = _JOURNAL.fullmatch(journal)
    if not journal or not year or found is None or not (found["volume"] or found["issue"]):
        return f"{journal} {year}".strip()
    pages = f":{_short(found['pages'])}" if found["pages"] else ""
    return f"{found['name']} {year};{found['volume'] or ''}{found['issue'] or ''}{pages}"


def _short(pages: str) -> str:
    """Leave out the digits of the last page that repeat those of the first."""
    found = _PAGES.fullmatch(pages)
    if found is None or len(found[1]) != len(found[2]):
        return pages
    first, last = found.groups()
    same = next((i for i in range(len(last)) if first[i] != last[i]), len(last) - 1)
    return f"{first}-{last[same:]}"


def _doi(doi: str) -> Markup:
    return Markup('<a href="https://doi.org/{0}">doi:{0}</a>').format(doi)


def _link(source: str) -> Html:
    """Link a source that is an address or a DOI; leave any other text as it is."""
    if source.startswith(("https://", "http://")):
        return Markup('<a href="{0}">{0}</a>').format(source)
    return _doi(source) if source.startswith("10.") else source

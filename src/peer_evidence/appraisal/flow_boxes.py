"""The boxes of a PRISMA 2020 flow diagram: their names, and what the template writes in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# box -> its words in the template
BOX_WORDS = {
    "previous_studies": "Studies included in previous version of review",
    "previous_reports": "Reports of studies included in previous version of review",
    "database_results": "Databases",
    "register_results": "Registers",
    "website_results": "Websites",
    "organisation_results": "Organisations",
    "citations_results": "Citation searching",
    "duplicates": "Duplicate records removed",
    "excluded_automatic": "Records marked as ineligible by automation tools",
    "excluded_other": "Records removed for other reasons",
    "records_screened": "Records screened",
    "records_excluded": "Records excluded",
    "dbr_sought_reports": "Reports sought for retrieval",
    "dbr_notretrieved_reports": "Reports not retrieved",
    "dbr_assessed": "Reports assessed for eligibility",
    "dbr_excluded": "Reports excluded",
    "other_sought_reports": "Reports sought for retrieval",
    "other_notretrieved_reports": "Reports not retrieved",
    "other_assessed": "Reports assessed for eligibility",
    "other_excluded": "Reports excluded",
    "new_studies": "Studies included in review",
    "new_reports": "Reports of included studies",
    "total_studies": "Total studies included in review",
    "total_reports": "Reports of total included studies",
    "total_studies_ma": "Studies included in meta-analysis",
    "total_reports_ma": "Reports of studies included in meta-analysis",
}
_FOUND = "records found by way of "
_TOLD = {
    "database_results": "records found in databases; each may have a row database_specific_results "
    "with its name as label",
    "register_results": "records found in registers; each may have a row register_specific_results "
    "with its name as label",
    "website_results": f"{_FOUND}websites",
    "organisation_results": f"{_FOUND}organisations",
    "citations_results": f"{_FOUND}citation searching",
}


def _told(box: str) -> str:
    """Say what a box counts, and of which of the two ways it is."""
    text = _TOLD.get(box, BOX_WORDS[box][:1].lower() + BOX_WORDS[box][1:])
    if box.startswith("dbr_"):
        text += ", from databases and registers"
    elif box.startswith("other_"):
        text += ", from other sources"
    if box in ("dbr_excluded", "other_excluded"):
        text += "; each reason may have a row more, the reason as label"
    return text


def flow_template() -> pd.DataFrame:
    """Give the boxes of a PRISMA 2020 flow diagram without numbers, to be filled in.

    Leave out the boxes that your review has not: a box left out counts as nothing there, one
    without a number as not known.

    Returns
    -------
    DataFrame
        One row a box: ``box``, ``n`` (missing), ``label``, ``link``, ``note`` (what it counts), as
        :func:`peer_evidence.flow` and ``flow.csv`` have them.

    Examples
    --------
    >>> table = flow_template()
    >>> table.loc[6:7, ["box", "n", "note"]]
                     box     n                                        note
    6  citations_results  <NA>  records found by way of citation searching
    7         duplicates  <NA>                   duplicate records removed
    """
    import pandas as pd

    boxes = list(BOX_WORDS)
    return pd.DataFrame(
        {
            "box": boxes,
            "n": pd.array([pd.NA] * len(boxes), dtype="Int64"),
            "label": "",
            "link": "",
            "note": [_told(box) for box in boxes],
        }
    )

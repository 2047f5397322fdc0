"""How certain published reviews call their own results: nobody's judgement of another pool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from peer_evidence.checks import check_evidence

if TYPE_CHECKING:
    import pandas as pd

    from peer_evidence.records.evidence import Evidence

NOT_SEEN = "reason not seen"
NO_DATA = "no data to rate"


def published_certainty(ev: Evidence) -> pd.DataFrame:
    """List the ratings of certainty that reviews print, with what they were lowered for.

    Each rates the pool of the review that prints it, never a pool of these records.

    Parameters
    ----------
    ev : Evidence
        The records; ``certainty.csv`` is listed.

    Returns
    -------
    DataFrame
        One row a rating: ``review_id``, ``review``, ``domain``, ``outcome``,
        ``published_rating``, ``lowered_for`` (reasons separated by a semicolon; "reason not
        seen" where the records could not give them, "no data to rate" where there was nothing),
        ``source``, ``locator``.

    Raises
    ------
    InputError
        If ``ev`` is not the records.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> ratings = published_certainty(pe.load())
    >>> len(ratings), ratings["lowered_for"].iloc[0]
    (19, 'imprecision; publication/reporting bias')
    """
    import pandas as pd

    check_evidence("ev", ev)
    rows = ev.certainty
    labels = dict(zip(ev.reviews["review_id"], ev.reviews["label"], strict=True))
    lowered = [
        NO_DATA if rating == "no_data" else reasons(None if pd.isna(text) else str(text))
        for rating, text in zip(rows["certainty"], rows["reasons"], strict=True)
    ]
    return pd.DataFrame(
        {
            "review_id": rows["review_id"],
            "review": [labels[one] for one in rows["review_id"]],
            "domain": rows["domain"].astype("str"),
            "outcome": rows["outcome"],
            "published_rating": rows["certainty"].astype("str"),
            "lowered_for": pd.array(lowered, dtype="str"),
            "source": rows["source"],
            "locator": rows["locator"],
        }
    )


def reasons(text: str | None) -> str:
    """Write the reasons of a rating one after the other.

    Examples
    --------
    >>> reasons("risk of bias; indirectness and imprecision")
    'risk of bias; indirectness; imprecision'
    >>> reasons("footnotes not seen")
    'reason not seen'
    """
    if not text or "not seen" in text:
        return NOT_SEEN
    return "; ".join(part.strip() for part in re.split(r";|\band\b", text) if part.strip())

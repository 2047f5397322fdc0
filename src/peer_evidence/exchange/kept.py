"""What a Cochrane review holds and the tables have no column for, to be kept beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.exchange.analyses import ARMS, GIVEN, MEANS, Analysis, Named
from peer_evidence.spreadsheet import to_csv

if TYPE_CHECKING:
    from peer_evidence.exchange.revman_result import ImportedReview

_CARRIED = ("estimate", "ci_low", "ci_high", "weight")
_ESTIMABLE = {True: "yes", False: "no", None: ""}


def kept_files(review: ImportedReview) -> dict[str, str]:
    """Give as CSV, by file name, what is held of studies, judgements, data and analyses.

    A table without rows gives no file.
    """
    frames = {
        "import_characteristics.csv": review.characteristics,
        "import_judgements.csv": review.judgements,
        "import_effects.csv": entered_frame(review.held, review.named),
        "import_analyses.csv": _with_units(review),
    }
    return {name: to_csv(frame) for name, frame in frames.items() if len(frame)}


def entered_frame(analyses: Sequence[Analysis], studies: Mapping[str, Named]) -> pd.DataFrame:
    """Give one row a study and analysis: all that was entered, and what the file shows of it.

    ``entered_estimate`` and ``entered_se`` are those of an analysis of estimates, ``entered_o_e``
    and ``entered_variance`` those of O - E; ``shown_...`` is what the file says was computed, as
    it is written.
    """
    rows = []
    for one in analyses:
        for row in one.rows:
            held: dict[str, Any] = {
                "analysis": one.id,
                "comparison": one.comparison,
                "outcome": one.outcome,
                "kind": one.kind,
                "measure": one.measure_name,
                "units": one.units,
                "group_1": one.group_1,
                "group_2": one.group_2,
                "subgroup": one.subgroup_name(row.subgroup) if row.subgroup else "",
                "study_id": studies[row.study].study_id,
                "swapped": "yes" if one.swapped else "no",
                "estimable": _ESTIMABLE[row.estimable],
            }
            held |= {name: row.number(name) for name in (*ARMS, *MEANS)}
            held |= {f"entered_{name}": row.number(name) for name in GIVEN}
            held |= {f"shown_{name}": row.carried.get(name, "") for name in _CARRIED}
            held |= {"text": row.text, "place": row.place}
            rows.append(held)
    return pd.DataFrame(rows)


def _with_units(review: ImportedReview) -> pd.DataFrame:
    """Give the analyses with their settings, units and what the file shows of them."""
    return review.analyses.assign(units=[one.units for one in review.held])

"""Finding the assessments of the studies that an analysis names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from peer_evidence.checks import nearest
from peer_evidence.errors import InputError
from peer_evidence.formatting import count

if TYPE_CHECKING:
    import pandas as pd


def places_of(names: Sequence[str], table: pd.DataFrame, known: pd.DataFrame) -> list[int | None]:
    """Find the row of each name; a study that is known but was not assessed has none.

    A name of a result that was assessed by itself comes first, then any name of a study.

    Parameters
    ----------
    names : sequence of str
        As an analysis has them.
    table : DataFrame
        The assessments.
    known : DataFrame
        ``name`` and ``study_id``.

    Returns
    -------
    list of int or None
        The places in the table.

    Raises
    ------
    InputError
        If a name is not known, or stands for several assessments; all such are listed.
    """
    own: dict[str, list[int]] = {}
    results = table["outcome_id"] if "outcome_id" in table.columns else [""] * len(table)
    for place, (result, label) in enumerate(zip(results, table["label"], strict=True)):
        for name in {str(result), str(label)} - {""} if result else ():
            own.setdefault(name, []).append(place)
    of_study: dict[str, list[int]] = {}
    for place, study in enumerate(table["study_id"]):
        of_study.setdefault(str(study), []).append(place)
    studies: dict[str, list[str]] = {}
    for name, study in zip(known["name"], known["study_id"], strict=True):
        studies.setdefault(str(name), []).append(str(study))
    found: list[int | None] = []
    faults: dict[str, None] = {}
    for name in map(str, names):
        held, meant = own.get(name, []), studies.get(name, [])
        if len(held) != 1:
            held = [place for study in meant for place in of_study.get(study, [])]
        found.append(held[0] if len(held) == 1 else None)
        if not meant and not held:
            close = nearest(name, [*own, *studies])
            hint = f"; did you mean {close!r}?" if close else ""
            faults[f"{name!r} is not known{hint}"] = None
        elif len(held) > 1:
            which = table["label"].iloc[held]
            faults[f"{name!r} may be {' or '.join(repr(str(one)) for one in which)}"] = None
        elif held and len(meant) > 1:  # another study of this name was not judged
            faults[f"{name!r} may be {' or '.join(map(repr, meant))}"] = None
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise InputError(
            f"risk of bias: {count(len(faults), 'study', 'studies')} of the "
            "analysis cannot be told among the assessments; name the studies alike in both, and "
            f"give one that was not judged a row without judgements:\n{lines}"
        )
    return found

"""Which figures the report draws, and how they are saved for the page."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peer_evidence.figures._admissions import admissions
from peer_evidence.figures._claims import claims
from peer_evidence.figures._continuum import continuum
from peer_evidence.figures._effect_direction import effect_direction
from peer_evidence.figures._evidence_map import evidence_map
from peer_evidence.figures._forest import forest
from peer_evidence.figures._funnel import funnel
from peer_evidence.figures._gosh import gosh as draw_gosh
from peer_evidence.figures._overlap import overlap
from peer_evidence.figures._tally import tally
from peer_evidence.figures._traffic_light import traffic_light
from peer_evidence.figures.saving import drawn, save
from peer_evidence.report.page import Saved
from peer_evidence.report.sureness import ENOUGH_TO_SPLIT, ENOUGH_TO_TEST
from peer_evidence.sensitivity.gosh import gosh

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.report.analyses import Analyses


_ALL_SUBSETS = 14  # studies of which all subsets are drawn; of more a sample of as many
Drawings = Generator[tuple[str, "Saved | None"], None, None]
DrawAll = Callable[["Analyses", Path], Drawings]


def _tally(analyses: Analyses) -> Axes | None:
    if not analyses.conclusions.rows:
        return None
    return tally(analyses.conclusions, labels=_labels(analyses, "domain"))


def _evidence_map(analyses: Analyses) -> Axes | None:
    return evidence_map(analyses.ev) if len(analyses.ev.outcomes) else None


def _admissions(analyses: Analyses) -> Axes | None:
    hospital = analyses.hospital
    if hospital is None or hospital.rows.empty:
        return None
    return admissions(
        hospital,
        labels=_labels(analyses, "domain"),
        intervention=analyses.ev.package["intervention"],
        comparison=analyses.ev.package["comparison"],
    )


def _pools(analyses: Analyses) -> Axes | None:
    pools, package = analyses.pools, analyses.ev.package
    if not len(pools):
        return None
    return forest(
        pools,
        data=pools.studies(),
        intervention=_raised(package["intervention"]),
        comparison=_raised(package["comparison"]),
        favours=(package["comparison"], package["intervention"]),
    )


def _continuum(analyses: Analyses) -> Axes | None:
    return continuum(analyses.ev) if "continuum" in analyses.ev.framework else None


def _claims(analyses: Analyses) -> Axes | None:
    frame = analyses.claims.to_frame()
    if frame.empty:
        return None
    # a figure holds what the narrative itself says, the reason in one sentence; page and table
    # hold all of it
    reviews = analyses.ev.reviews.set_index("review_id")["label"]
    told = frame["source"] == reviews.get(analyses.ev.package.get("narrative", ""), "")
    frame = frame[told] if told.any() else frame
    first = frame["why"].str.split(". ", n=1, regex=False).str[0]
    return claims(frame.assign(why=first.str.removesuffix(".") + "."))


def _effect_directions(analyses: Analyses) -> Axes | None:
    found = analyses.study_directions
    if found is None or found.table.empty:
        return None
    return effect_direction(found, labels=_labels(analyses, "domain"))


def _largest(analyses: Analyses, minimum: int) -> MetaAnalysis | None:
    """Give the pool of most studies, if it has enough."""
    pools = [analyses.pools[key] for key in analyses.pools.keys]
    found = max(pools, key=lambda one: one.k, default=None)
    return found if found is not None and found.k >= minimum else None


def _funnel(analyses: Analyses) -> Axes | None:
    found = _largest(analyses, ENOUGH_TO_TEST)
    return None if found is None else funnel(found)


def _gosh(analyses: Analyses) -> Axes | None:
    found = _largest(analyses, ENOUGH_TO_SPLIT)
    if found is None:
        return None
    return draw_gosh(gosh(found, subsets="all" if found.k <= _ALL_SUBSETS else 2**_ALL_SUBSETS))


def _traffic_light(analyses: Analyses) -> Axes | None:
    return None if analyses.bias is None else traffic_light(analyses.bias)


def _overlap(analyses: Analyses) -> Axes | None:
    return None if analyses.shared is None else overlap(analyses.shared)


DRAWINGS: dict[str, Callable[[Analyses], Axes | None]] = {
    "effect_directions": _effect_directions,
    "evidence_map": _evidence_map,
    "claims": _claims,
    "continuum": _continuum,
    "tally": _tally,
    "admissions": _admissions,
    "pools": _pools,
    "funnel": _funnel,
    "gosh": _gosh,
    "risk_of_bias": _traffic_light,
    "overlap": _overlap,
}


@contextmanager
def workers(n_jobs: int | None) -> Iterator[DrawAll]:
    """Give the function that draws and saves every figure, in whatever order they get ready.

    With more than one process, these start at once, so that they import while the records are
    still being read.
    """
    from joblib import Parallel, delayed, effective_n_jobs

    many = effective_n_jobs(n_jobs)
    with Parallel(n_jobs=n_jobs, return_as="generator_unordered") as pool:
        started: Generator[Any] = pool(delayed(_imported)() for _ in range(many if many > 1 else 0))

        def draw_all(analyses: Analyses, folder: Path) -> Drawings:
            list(started)
            yield from pool(delayed(_save)(name, analyses, folder) for name in DRAWINGS)

        try:
            yield draw_all
        finally:
            with warnings.catch_warnings():  # of work that was stopped early, which is meant
                warnings.simplefilter("ignore")
                started.close()


def _imported() -> None:
    """Do nothing; a process that runs this has imported the figures."""


def _save(name: str, analyses: Analyses, folder: Path) -> tuple[str, Saved | None]:
    axes = DRAWINGS[name](analyses)
    return name, None if axes is None else _save_drawing(axes, name, folder)


def _save_drawing(axes: Axes, name: str, folder: Path) -> Saved:
    """Save a figure in the folder of the report and keep what the page needs of it."""
    paths = save(axes, name, folder=folder / "figures")
    alt = " ".join(part.alt for part in drawn(axes))
    svg = next(path for path in paths if path.suffix == ".svg")
    relative = [path.relative_to(folder).as_posix() for path in paths]
    return Saved(name, svg.read_bytes(), alt, relative)


def _raised(text: str) -> str:
    """Raise the first letter alone, without an article: names and abbreviations stay as they are.

    Examples
    --------
    >>> _raised("BCG vaccine"), _raised("the usual care")
    ('BCG vaccine', 'Usual care')
    """
    text = text.removeprefix("the ")
    return text[:1].upper() + text[1:]


def _labels(analyses: Analyses, vocabulary: str) -> dict[str, str]:
    words = analyses.ev.vocabularies
    return {word: words.label(vocabulary, word) for word in words.topic.get(vocabulary, ())}

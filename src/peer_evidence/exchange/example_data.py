"""Published data sets to try things on, as they stand in the reviews they come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from peer_evidence.checks import check_choice

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = Path(__file__).parent / "datasets"

# name -> (what it is, where it is from)
DATASETS = {
    "bcg": (
        "13 trials of the BCG vaccine against tuberculosis: events and people of both arms",
        "Colditz et al. 1994, JAMA 271:698, doi 10.1001/jama.1994.03510330076038",
    ),
    "magnesium": (
        "16 trials of intravenous magnesium after a heart attack: deaths and people of both arms",
        "Egger, Davey Smith & Altman 2001, Systematic Reviews in Health Care, 2nd edition",
    ),
    "stroke_stay": (
        "9 studies of specialist stroke care: means and standard deviations of days in hospital",
        "Normand 1999, Statistics in Medicine 18:321, table III",
    ),
    "teacher_expectancy": (
        "19 effects of what teachers were led to expect on pupils' measured intelligence: "
        "standardised mean differences",
        "Raudenbush & Bryk 1985, Journal of Educational Statistics 10:75, "
        "doi 10.3102/10769986010002075",
    ),
    "school_calendar": (
        "56 schools in 11 districts, effect of a modified school calendar on achievement: "
        "standardised mean differences, clustered",
        "Konstantopoulos 2011, Research Synthesis Methods 2:61, doi 10.1002/jrsm.35",
    ),
    "periodontal": (
        "5 trials of surgery against none for gum disease, two outcomes each, in millimetres, "
        "with their covariance",
        "Berkey et al. 1998, Statistics in Medicine 17:2537",
    ),
}


def example(name: str) -> pd.DataFrame:
    """Give a small published data set, to try things on without a file of one's own.

    ======================  ====  ====================================================
    name                    rows  what the table holds
    ======================  ====  ====================================================
    ``bcg``                   13  events and people of both arms; ``latitude``,
                                  ``year``, ``allocation``
    ``magnesium``             16  events and people of both arms; ``year``
    ``stroke_stay``            9  means, standard deviations and people of both arms
    ``teacher_expectancy``    19  ``effect``, ``variance``; ``weeks``, ``setting``,
                                  ``tester``, people of both arms
    ``school_calendar``       56  ``effect``, ``variance``; ``district``, ``school``
    ``periodontal``           10  ``effect``, ``variance``, ``covariance``;
                                  ``outcome``, two of each trial
    ======================  ====  ====================================================

    Parameters
    ----------
    name : str
        Which, as in the table above.

    Returns
    -------
    DataFrame
        One row a result, named by ``label``, in the columns that
        :func:`peer_evidence.effect_sizes` and :func:`peer_evidence.meta_analysis` read.
        ``attrs["title"]`` says what it is, ``attrs["source"]`` where it was published.

    Raises
    ------
    InputError
        If there is no such data set.

    Notes
    -----
    These are numbers to learn and to compare programs with, not a state of knowledge: all of
    these questions have newer studies.

    Examples
    --------
    >>> import peer_evidence as pe
    >>> bcg = pe.example("bcg")
    >>> bcg.attrs["source"]
    'Colditz et al. 1994, JAMA 271:698, doi 10.1001/jama.1994.03510330076038'
    >>> pooled = pe.meta_analysis(pe.effect_sizes(bcg, "OR"))
    >>> print(f"{pooled.k} trials, log odds ratio {pooled.estimate:.3f}, tau2 {pooled.tau2:.3f}")
    13 trials, log odds ratio -0.745, tau2 0.338
    """
    import pandas as pd

    check_choice("name", name, tuple(DATASETS))
    frame = pd.read_csv(_FOLDER / f"{name}.csv")
    frame.attrs.update(zip(("title", "source"), DATASETS[name], strict=True))
    return frame

"""What a review of Review Manager or the Cochrane Library holds: records, analyses, comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from peer_evidence.checks import check_choice
from peer_evidence.exchange.analyses import (
    ARMS,
    MEANS,
    Analysis,
    Named,
    analyses_frame,
    effects_frame,
)
from peer_evidence.exchange.imported import Imported
from peer_evidence.formatting import count

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 8


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ImportedReview(Imported):
    """What a review of Review Manager or the Cochrane Library holds.

    As :class:`Imported`, and on top of it the analyses. Where numbers of the file are shown
    beside others they are on the scale of the file: ratios as ratios. Where they go into an
    analysis (``effects``) they are on the scale of analysis: ratios as logarithms.

    Attributes
    ----------
    title : str
        The title of the review, empty where the file has none.
    characteristics : DataFrame
        One row an included study: ``study_id``, and in words ``methods``, ``participants``,
        ``interventions``, ``outcomes``, ``notes``.
    judgements : DataFrame
        One row a judgement on risk of bias as the file has it: ``study_id``, ``item``, ``group``
        (the outcomes it is of), ``result``, ``judgement``, ``support``, and the ``tool`` and
        ``domain`` it was taken as, empty where the item is of no known tool.
    held : tuple of Analysis
        The analyses, each with its rows and pooled results.
    named : mapping of str to Named
        How the studies are called in the tables, by their id in the file.
    """

    title: str = ""
    characteristics: pd.DataFrame = field(default_factory=pd.DataFrame)
    judgements: pd.DataFrame = field(default_factory=pd.DataFrame)
    held: tuple[Analysis, ...] = ()
    named: Mapping[str, Named] = field(default_factory=dict)

    @property
    def analyses(self) -> pd.DataFrame:
        """One row an analysis: its settings and the pooled result that the file carries.

        ``estimate``, ``ci_low``, ``ci_high`` are as the file shows them, ratios as ratios;
        ``q`` with ``q_df`` and ``q_p_value``, ``i2`` in per cent, ``tau2`` and ``z`` likewise.
        They are missing where the file carries none, and where it says not estimable.
        """
        return analyses_frame(self.held)

    @property
    def effects(self) -> pd.DataFrame:
        """One row a study and analysis, with the columns that the other verbs read.

        Counts, means and standard deviations by arm; ``effect`` and ``variance`` only where the
        file holds an estimate or O - E instead of them, on the scale of analysis. Events are those
        analysed: where ``swapped`` is yes, of the people without the event as entered.
        """
        return effects_frame(self.held, self.named)

    def data(self, analysis: str) -> pd.DataFrame:
        """Give the rows of one analysis, with the columns of its kind of data alone.

        Parameters
        ----------
        analysis : str
            Its number, such as ``"1.2"``; see ``analyses``.

        Returns
        -------
        DataFrame
            Of counts or means it goes into :func:`peer_evidence.effect_sizes`,
            :func:`peer_evidence.mantel_haenszel` and :func:`peer_evidence.peto`; of estimates
            into :func:`peer_evidence.meta_analysis`.

        Raises
        ------
        InputError
            There is no such analysis.
        """
        check_choice("analysis", analysis, [one.id for one in self.held])
        one = next(one for one in self.held if one.id == analysis)
        wanted = {
            "dichotomous": list(ARMS),
            "continuous": [*MEANS, "n_intervention", "n_comparison"],
        }.get(one.kind, ["effect", "variance"])
        given = [*ARMS, *MEANS, "effect", "variance"]
        frame = self.effects
        frame = frame[frame["analysis"] == analysis].reset_index(drop=True)
        frame = frame.drop(columns=[name for name in given if name not in wanted])
        return frame.rename(columns={"measure": "measure_in_file"})

    def comparison(self) -> pd.DataFrame:
        """Set every number that the file carries beside the same computed again from its data.

        The conventions are those of Review Manager 5 (see the notes).

        Returns
        -------
        DataFrame
            ``analysis, outcome, subgroup, row`` ("study", "subgroup" or "total"), ``study_id,
            label, quantity, carried, recomputed, difference, agrees, reason, place``. ``agrees``
            is missing where nothing was computed again; ``reason`` says why, or what differs.

        Notes
        -----
        Deeks and Higgins (2010), Statistical algorithms in Review Manager 5. 1/2 is added to the
        four cells of a table with a zero, also by Mantel-Haenszel; studies without events in both
        arms have no odds ratio and no risk ratio. Mantel-Haenszel with random effects takes Q
        around the fixed Mantel-Haenszel estimate, and tau2 from it. I2 is (Q - df) / Q. Hedges' g
        has the approximate correction and the variance N / (n1 n2) + g^2 / (2 (N - 3.94)).

        Two numbers agree when they differ by at most half a unit of the last digit in the file,
        or, where the column is not rounded, by one part in a million; of p values, which the
        program approximates, by one part in ten thousand.
        """
        from peer_evidence.exchange.carried import compare

        return compare(self.held, self.named)

    def headline(self) -> str:
        """Say what was taken, and how many analyses."""
        shown = count(len(self.held), "analysis", "analyses")
        return f"{Imported.headline(self)}; {shown}"

    def summary(self) -> str:
        """Say what was taken, then how the numbers of the file compare with its data."""
        said, differing = self._compared()
        lines = [Imported.summary(self), *(f"  {line}" for line in said)]
        lines += [f"    {line}" for line in differing[:_SHOWN]]
        if len(differing) > _SHOWN:
            more = len(differing) - _SHOWN
            lines.append(f"    and {more} more, see import.md of the folder that is written")
        return "\n".join(lines)

    def report_parts(self) -> dict[str, list[str]]:
        """Give what ``import.md`` says: on top of the rest, every number that differs."""
        said, differing = self._compared()
        own = {"Numbers of the file": [*said, *differing]}
        own["Kept beside the tables, which have no column for all of it"] = [*self.further_files()]
        return Imported.report_parts(self) | own

    def further_files(self) -> dict[str, str]:
        """Give what the tables have no column for: CSV files by name, those with rows."""
        from peer_evidence.exchange.kept import kept_files

        return kept_files(self)

    def _compared(self) -> tuple[list[str], list[str]]:
        """Say how many numbers were computed again, and of each that differs what it is."""
        if not self.held:
            return [], []
        frame = self.comparison()
        done = frame[frame["agrees"].notna()]
        off = done[~done["agrees"].astype(bool)]
        not_computed = len(frame) - len(done)
        rest = f", {not_computed} not computed" if not_computed else ""
        said = (
            f"numbers of the file computed again: {len(done)} of {len(frame)}, "
            f"{len(off)} of them differ{rest}"
        )
        return [said], [_difference(row) for row in off.to_dict("records")]


def _difference(row: Mapping[Any, Any]) -> str:
    """Say what the file has and what its data give."""
    where = " ".join(filter(None, [row["subgroup"], row["label"] or row["row"]]))
    return (
        f"{row['analysis']} {where}, {row['quantity']}: {row['carried']:.6g} in the file, "
        f"{row['recomputed']:.6g} from its data"
    )

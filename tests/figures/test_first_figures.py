"""The first figures: their numbers, their words, and that nothing is cut or covered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import peer_evidence as pe
from peer_evidence.errors import DataWarning, InputError

LONG = "A domain with a very long name & with $signs_{x}^2$ that a careless figure would cut off"
SIZES = (5, 30, 150)


@pytest.fixture(scope="module")
def ev():
    return pe.load()


class Frames:
    """A result that gives a frame, and nothing else."""

    def __init__(self, frame):
        self.frame = frame

    def to_frame(self):
        return self.frame


# --- tally ---------------------------------------------------------------------------------


def test_tally_table_puts_sides_first_and_keeps_numbers(tally_frame):
    frame = tally_frame(4)
    table = pe.figures.tally_table(Frames(frame))
    assert list(table) == [
        "group", "benefit", "harm", "no_difference", "mixed", "unclear", "rows", "studies",
    ]  # fmt: skip
    assert table.drop(columns="group").to_numpy().sum() == frame.to_numpy().sum()
    by_size = pe.figures.tally_table(frame, sort="studies")
    assert by_size["studies"].is_monotonic_decreasing


def test_tally_of_directions_with_ties():
    frame = pd.DataFrame(
        {"favours_intervention": [9], "favours_comparison": [3], "null": [0], "unclear": [4],
         "tied": [1], "rows": [20], "studies": [17]}, index=["all"])  # fmt: skip
    ax = pe.figures.tally(frame, unit="studies")
    assert pe.figures.drawn(ax)[0].alt == (
        "Bar chart of 17 studies in 1 group: 9 favours intervention, 3 favours comparison, 0 null, "
        "4 unclear and 1 tied. All: 9 favours intervention, 3 favours comparison, 4 unclear, "
        "1 tied; 17 studies."
    )


def test_tally_bars_have_the_length_of_their_counts(tally_frame):
    frame = tally_frame(6)
    ax = pe.figures.tally(frame)
    bars = [one for one in ax.patches if one.get_data_transform() == ax.transData]
    kinds = ["benefit", "harm", "no_difference", "mixed", "unclear"]
    counts = [count for kind in kinds for count in frame[kind] if count]
    assert [abs(bar.get_width()) for bar in bars] == counts
    harm = [bar for bar in bars if bar.get_width() < 0]
    assert sum(-bar.get_width() for bar in harm) == frame["harm"].sum()
    assert all(bar.get_x() == 0 for bar in harm)
    assert all(bar.get_x() == 0 for bar in bars[: (frame["benefit"] > 0).sum()])


@pytest.mark.parametrize("groups", SIZES)
def test_tally_is_readable_at_every_size(tally_frame, look, groups):
    labels = {"group_0": LONG, "group_3": "x" * 80}
    words = look(pe.figures.tally(tally_frame(groups), labels=labels))
    assert {"Harm", "Benefit", "Mixed", "Unclear", "Studies"} <= set(words)
    assert sum(word.startswith("Group") for word in words) == groups - 2


def test_headings_on_both_sides_of_the_zero_stand_apart(tally_frame):
    ax = pe.figures.tally(tally_frame(5))
    ax.figure.canvas.draw()
    boxes = {
        text.get_text(): text.get_window_extent()
        for one in (ax.figure, *ax.figure.axes)
        for text in one.texts
    }
    gap = boxes["Benefit"].x0 - boxes["Harm"].x1
    assert gap * 72 / ax.figure.dpi >= 8  # points; one space of a heading has 3


def test_tally_with_large_counts(look):
    frame = pd.DataFrame(
        {"benefit": [1200, 3], "harm": [900, 0], "mixed": [0, 1], "rows": [2100, 4],
         "studies": [800, 2]}, index=["a", "b"])  # fmt: skip
    assert {"1200", "900"} <= set(look(pe.figures.tally(frame)))


def test_tally_refuses_what_it_cannot_draw(tally_frame):
    cases = {
        "tally: found int, allowed is a DataFrame or a result with to_frame()": 3,
        "tally: the table has no row, so there is nothing to draw": tally_frame(3).iloc[:0],
        "tally: no column for results against it; it has benefit, rows, studies, allowed are harm "
        "or favours_comparison": tally_frame(3)[["benefit", "rows", "studies"]],
        "tally: no column 'studies'; it has benefit, harm, rows": tally_frame(3)[
            ["benefit", "harm", "rows"]
        ],
    }
    for message, given in cases.items():
        with pytest.raises(InputError) as raised:
            pe.figures.tally(given)
        assert str(raised.value) == message


def test_tally_in_axes_of_ones_own(tally_frame, look):
    figure = Figure(figsize=(8, 4))
    mine = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    assert pe.figures.tally(tally_frame(5), ax=mine) is mine
    look(mine)
    with pytest.warns(
        DataWarning, match=r"^ax: 20 mm high, and this figure needs 64 mm; make its "
    ):
        pe.figures.tally(tally_frame(10), ax=Figure(figsize=(8, 0.8)).add_axes((0, 0, 1, 1)))


def test_tally_in_a_subfigure(tally_frame, look):
    left, right = Figure(figsize=(14, 4)).subfigures(1, 2)
    for part in (left, right):
        pe.figures.tally(tally_frame(5), ax=part.add_axes((0, 0, 1, 1)))
    words = look(left.axes[0])
    assert all(words.count(one) % 2 == 0 for one in words)  # each half has the same texts


# --- evidence map --------------------------------------------------------------------------


def test_map_counts_distinct_studies(ev):
    table = pe.figures.evidence_map_table(ev).set_index(["row", "column"])["studies"]
    rows = ev.outcomes.merge(ev.studies[["study_id", "initiative_type"]], on="study_id")
    inside = rows[(rows.domain == "symptoms") & (rows.initiative_type == "mutual_help_group")]
    assert table["symptoms", "mutual_help_group"] == inside.study_id.nunique() == 8
    assert table["symptoms", "total"] == rows[rows.domain == "symptoms"].study_id.nunique()
    assert table["total", "total"] == rows.study_id.nunique() == 66
    assert table["hope", "mutual_help_group"] == 0
    cells = table[[row != "total" and column != "total" for row, column in table.index]]
    assert cells.sum() > table["total", "total"]


def test_map_marks_every_gap_and_says_how_many(ev, look):
    ax = pe.figures.evidence_map(ev)
    look(ax)
    table = pe.figures.evidence_map_table(ev)
    gaps = ((table.studies == 0) & (table.row != "total") & (table.column != "total")).sum()
    marks = [line for line in ax.lines if line.get_marker() == "x"]
    assert len(marks) == gaps + 1  # one more in the key
    assert f"66 of 69 studies are in it and {gaps} of 125 cells are empty." in (
        pe.figures.drawn(ax)[0].alt
    )


def test_map_areas_are_in_proportion(ev):
    ax = pe.figures.evidence_map(ev)
    table = pe.figures.evidence_map_table(ev)
    cells = table[(table.row != "total") & (table.column != "total") & (table.studies > 0)]
    circles = [line.get_markersize() for line in ax.lines if line.get_marker() == "o"]
    areas = [size**2 for size in circles[: len(cells)]]
    per_study = {round(area / n, 6) for area, n in zip(areas, cells.studies, strict=True)}
    assert len(per_study) == 1


@pytest.mark.parametrize(
    ("rows", "columns"),
    [("initiative_type", "domain"), ("relationship", "design"), ("problem_type", "initiative_type"),
     ("domain", "reported_conclusion")],
)  # fmt: skip
def test_map_of_other_codes(ev, look, rows, columns):
    words = " ".join(look(pe.figures.evidence_map(ev, rows=rows, columns=columns)))
    table = pe.figures.evidence_map_table(ev, rows=rows, columns=columns)
    assert str(table["studies"].max()) in words


def test_map_of_one_contrast_and_own_labels(ev, look):
    every = pe.figures.evidence_map_table(ev)
    some = pe.figures.evidence_map_table(ev, contrasts=["intervention_vs_comparison"])
    assert (some.studies <= every.studies).all()
    assert some.studies.iloc[-1] < every.studies.iloc[-1]
    words = look(pe.figures.evidence_map(ev, labels={"hope": "Hope & $trust$"}))
    assert "Hope & $trust$" in words


def test_map_refuses_columns_without_vocabulary(ev):
    with pytest.raises(InputError) as raised:
        pe.figures.evidence_map(ev, rows="measure")
    assert str(raised.value) == (
        "rows: found 'measure', whose words are not limited; allowed is a column with a vocabulary"
    )
    with pytest.raises(InputError, match=r"^columns: found 'initiative', allowed are .*"
                                         r"did you mean 'initiative_type'\?$"):  # fmt: skip
        pe.figures.evidence_map(ev, columns="initiative")


# --- admissions ----------------------------------------------------------------------------


def test_admissions_table_sets_left_out_rows_apart(admission_frame):
    frame = admission_frame(10)
    table = pe.figures.admissions_table(Frames(frame))
    assert len(table) == 10
    assert list(dict.fromkeys(table.section)) == [
        "hospitalisation", "hospital_days", "community_tenure", "left_out",
    ]  # fmt: skip
    assert set(table[table.section == "left_out"].outcome_id) == {"study.4", "study.9"}


def test_admissions_only_ratios_with_an_interval_are_on_the_axis(admission_frame):
    ax = pe.figures.admissions(admission_frame(5))
    on_axis = [line for line in ax.lines if line.get_transform() == ax.transData]
    drawn = sorted(line.get_xdata()[0] for line in on_axis if line.get_marker() in {"s", "o"})
    assert drawn == [0.66, 1.345]
    assert ax.get_xscale() == "log"


def test_admissions_alt_text_says_the_numbers(admission_frame):
    alt = pe.figures.drawn(pe.figures.admissions(admission_frame(5), intervention="peers"))[0].alt
    assert alt.startswith(
        "Table with 5 results: of 4 counted, 2 favour peers, 1 favours the comparison, 0 are equal "
        "and 1 has no sign; 3 have an effect that can be computed. "
    )
    assert "OR 0.66 (0.43 to 0.99), p 0.044." in alt
    assert alt.endswith("1 result left out of the count.")


@pytest.mark.parametrize("rows", SIZES)
def test_admissions_are_readable_at_every_size(admission_frame, look, rows):
    words = look(pe.figures.admissions(admission_frame(rows), intervention=LONG[:40]))
    assert "OR 0.66 (0.43 to 0.99)" in words
    assert "MD −116 (no interval)" in words
    assert "Left out of the count" in words


def test_admissions_without_any_ratio_have_no_axis(admission_frame, look):
    frame = admission_frame(5)
    frame["effect_measure"] = "MD"
    ax = pe.figures.admissions(frame)
    assert not ax.axison
    assert "Ratio, log scale" not in look(ax)


def test_admissions_arrow_where_an_interval_is_cut(admission_frame):
    frame = admission_frame(30)
    frame.loc[0, "ci_high"] = 4000.0
    ax = pe.figures.admissions(frame)
    assert ax.get_xlim()[1] < 4000
    assert sum(line.get_marker() == ">" and line.get_transform() == ax.transData
               for line in ax.lines) == 1  # fmt: skip


def test_every_direction_has_a_mark_of_its_own():
    from peer_evidence.figures._admissions import DIRECTIONS
    from peer_evidence.figures._claims import VERDICTS

    assert len({mark for mark, _, _ in DIRECTIONS.values()}) == len(DIRECTIONS)
    assert len({id(mark) for _, mark, _ in VERDICTS.values()}) == len(VERDICTS)


def test_admissions_refuse_an_unknown_direction(admission_frame):
    frame = admission_frame(5)
    frame.loc[1, "effect_direction"] = "favors_intervention"
    with pytest.raises(InputError) as raised:
        pe.figures.admissions(frame)
    assert str(raised.value) == (
        "effect_direction: found 'favors_intervention', allowed are 'favours_intervention', "
        "'favours_comparison', 'null', 'unclear'; did you mean 'favours_intervention'?"
    )


# --- continuum -----------------------------------------------------------------------------


def test_continuum_numbers(ev, look):
    table = pe.figures.continuum_table(ev)
    assert list(table.studies) == [0, 34, 13, 19, 0]
    assert list(table.step) == [1, 2, 3, 4, 5]
    ax = pe.figures.continuum(ev)
    words = look(ax)
    assert {"34", "13", "19"} <= set(words)
    assert "Area: studies. 3 studies of 69 are not coded and so not placed." in words
    sizes = [line.get_markersize() for line in ax.lines
             if line.get_marker() == "o" and line.get_markersize() > 14]  # fmt: skip
    assert [round(size**2 / sizes[0] ** 2 * 34, 6) for size in sizes] == [34, 13, 19]


def package(ev, folder: Path, *drop: str) -> Path:
    """Copy the bundled records without some files."""
    import peer_evidence.records.package as records

    source = Path(records.read_package(None).path)
    shutil.copytree(source, folder)
    for name in drop:
        (folder / name).unlink()
    return folder


def test_continuum_needs_its_table(ev, tmp_path):
    folder = package(ev, tmp_path / "review", "framework/continuum.csv", "framework/journey.csv")
    with pytest.raises(InputError) as raised:
        pe.figures.continuum(pe.load(folder))
    assert str(raised.value) == (
        "ev: the records have no framework table 'continuum' (framework/continuum.csv), which this "
        "figure draws; its framework tables are benefits, challenges, evidence_needs, group_focus, "
        "recommendations, service_example, tensions, terms"
    )


def test_continuum_without_a_journey(ev, tmp_path, look):
    folder = package(ev, tmp_path / "review", "framework/journey.csv")
    ax = pe.figures.continuum(pe.load(folder))
    look(ax)
    assert "Step" not in pe.figures.drawn(ax)[0].alt


# --- claims --------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", SIZES)
def test_claims_are_readable_at_every_size(claim_frame, look, rows):
    words = look(pe.figures.claims(claim_frame(rows), labels={"chapter": LONG * 2}))
    assert words.count("Contradicted") == len(range(1, rows, 3))


def test_claims_pages_fit_a_journal_page(claim_frame, look):
    frame = claim_frame(60)
    table = pe.figures.claims_table(frame)
    assert sorted(table.finding_id) == sorted(frame.finding_id)
    assert table.page.is_monotonic_increasing
    last = int(table.page.max())
    assert last > 1
    seen = []
    for page in range(1, last + 1):
        ax = pe.figures.claims(frame, page=page)
        look(ax)
        assert ax.figure.get_figheight() * 25.4 <= 230
        seen += list(pe.figures.drawn(ax)[0].table.finding_id)
    assert seen == list(table.finding_id)
    with pytest.raises(InputError) as raised:
        pe.figures.claims(frame, page=last + 1)
    assert str(raised.value) == (
        f"page: found {last + 1}, allowed is a whole number from 1 to {last}"
    )


def test_claims_of_one_review(claim_frame):
    table = pe.figures.claims_table(Frames(claim_frame(6)), review="chapter")
    assert list(table.finding_id) == ["finding_1", "finding_3", "finding_5"]
    with pytest.raises(InputError) as raised:
        pe.figures.claims_table(claim_frame(6), review="chapters")
    assert str(raised.value) == (
        "review: found 'chapters', allowed are 'review_2011', 'chapter'; did you mean 'chapter'?"
    )


def test_claims_alt_text_counts_verdicts(claim_frame):
    alt = pe.figures.drawn(pe.figures.claims(claim_frame(6)))[0].alt
    assert alt.startswith("Table of 6 claims: 2 supported, 2 contradicted, 2 not checkable. ")
    assert (
        "Not checkable: Twelve studies met the criteria (stated 12, the records give 7 of 12; "
        in alt
    )


def test_claims_name_the_reviews_as_the_records_do(ev, look):
    found = pe.check_claims(ev)
    table = pe.figures.claims_table(found)
    names = dict(zip(table.review_id, table.review, strict=True))
    assert names["bryan_arkowitz_2015"] == "Bryan & Arkowitz 2015"
    assert names["cadth_2022"] == "CADTH 2022"
    assert names["burke_2019"] == "Burke 2019"  # told by another source
    words = look(pe.figures.claims(found, labels={"cadth_2022": "A report"}))
    assert {"Bryan & Arkowitz 2015", "A report"} <= set(words)


def test_claims_take_the_names_of_a_column(claim_frame, look):
    frame = claim_frame(4).assign(label=["First review", "The chapter"] * 2)
    assert {"First review", "The chapter"} <= set(look(pe.figures.claims(frame)))


def test_claims_show_codes_in_words(claim_frame, look):
    frame = claim_frame(2).assign(stated="limited_but_promising", computed="no_difference 3 of 4")
    ax = pe.figures.claims(frame)
    words = " ".join(look(ax))
    assert "_but" not in words
    assert "promising" in words
    assert "stated limited but promising, the records give no difference 3 of 4" in (
        pe.figures.drawn(ax)[0].alt
    )
    assert set(pe.figures.drawn(ax)[0].table.stated) == {"limited_but_promising"}


def test_map_says_which_contrasts_are_counted(ev, look):
    every = pe.figures.evidence_map(ev)
    assert pe.figures.drawn(every)[0].alt.endswith("All contrasts are counted.")
    assert "All contrasts are counted." in " ".join(look(every))
    one = pe.figures.evidence_map(ev, contrasts=["intervention_vs_comparison"])
    said = "Only this contrast is counted: Intervention vs comparison."
    assert pe.figures.drawn(one)[0].alt.endswith(said)
    assert said in " ".join(look(one))


def test_map_legend_keeps_clear_of_its_words(ev, monkeypatch):
    from peer_evidence.figures import _evidence_map as module
    from peer_evidence.figures.layout import MARGIN, text_width

    short = type(ev.vocabularies).label
    monkeypatch.setattr(type(ev.vocabularies), "label", lambda *given: short(*given)[:2])
    ax = module.evidence_map(ev)
    y = max(line.get_ydata()[0] for line in ax.lines if line.get_marker() == "o")
    marks = [line for line in ax.lines if line.get_marker() == "o" and line.get_ydata()[0] == y]
    left = min(line.get_xdata()[0] - line.get_markersize() / 2 for line in marks)
    assert left >= MARGIN + text_width("Area: studies") + 4


def test_admissions_shorten_a_reason_in_the_figure_only(admission_frame, look):
    frame = admission_frame(5)
    long = "no numbers: no estimate, counts or means are printed"
    frame.loc[1, "not_computed"] = long
    ax = pe.figures.admissions(frame)
    words = look(ax)
    assert "no numbers printed" in words
    assert long not in " ".join(words)
    assert long in set(pe.figures.drawn(ax)[0].table.not_computed)

"""Overlap and citation matrix: their numbers, their words, nothing cut or covered."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError

LONG = " with a very long name & $signs_{x}^2$ that a careless figure would cut off"


def made(reviews, studies=24, seed=5):
    """Make so many reviews of so many studies; every third name is long."""
    chosen = np.random.default_rng(seed).random((studies, reviews)) < 0.35
    chosen[0] = True
    found = pd.DataFrame(
        [
            {
                "study": f"Author {i} & Other {1990 + i}{LONG if i % 3 == 0 else ''}",
                "review": f"Reviewer {j:02d} 2010{LONG if j % 3 == 0 else ''}",
                "study_year": 1990 + i,
                "search_year": 2005 + j % 9,
                "stated": int(chosen[:, j].sum()) + j % 2,
            }
            for i, j in np.argwhere(chosen)
        ]
    )
    return pe.overlap(found)


@pytest.fixture(scope="module")
def bundled():
    return pe.overlap(pe.load())


@pytest.mark.parametrize("reviews", [2, 5, 6, 30])
def test_overlap_holds_its_texts(reviews, look):
    o = made(reviews)
    ax = pe.figures.overlap(o)
    assert ax.figure.get_figwidth() * 25.4 == pytest.approx(85 if reviews <= 5 else 176)
    texts = look(ax)
    table = pe.figures.overlap_table(o)
    assert len(table) == reviews**2
    # never colour alone: every number is printed
    shown = [f"{100 * area:.0f}" for area in o.pairs["cca"]]
    numbers = [*shown, *o.pairs["both"].astype(str), *o.members["counted"].astype(str)]
    numbers += [str(at + 1) for at in range(reviews)]
    assert Counter(one for one in texts if one.isdigit()) == Counter(numbers)


def test_numbers_too_wide_for_their_cells_are_said_to_be_in_the_table(look):
    same = [{"review": f"R{j}", "study": f"S{i}"} for i in range(2) for j in range(30)]
    texts = look(pe.figures.overlap(pe.overlap(pd.DataFrame(same))))
    assert "100" not in texts
    assert "which are in the table." in " ".join(texts)


@pytest.mark.parametrize(("reviews", "studies"), [(1, 3), (2, 5), (5, 20), (28, 30)])
def test_citation_matrix_holds_its_texts(reviews, studies, look):
    o = made(reviews, studies)
    ax = pe.figures.citation_matrix(o)
    texts = look(ax)
    cut = [one for one in texts if one.endswith("…")]  # only what takes a third of a page
    assert all(len(one) > 55 for one in cut)
    assert not cut or reviews >= 5
    table = pe.figures.citation_matrix_table(o)
    assert (table["mark"] == "confirmed").sum() == o.inclusions
    assert (table["mark"] == "impossible").sum() == o.impossible
    marks = [line for line in ax.get_children() if getattr(line, "get_marker", None)]
    squares = [line for line in marks if line.get_marker() == "s"]
    assert len(squares) == o.inclusions + 1  # and one in the key


def test_overlap_of_the_bundled_reviews(bundled, look):
    ax = pe.figures.overlap(bundled)
    texts = look(ax)
    table = pe.figures.overlap_table(bundled)
    upper = table[table["shows"] == "cca"]
    assert (upper["row"] < upper["column"]).all()
    matched = upper.merge(bundled.pairs, on=["review_a", "review_b"], suffixes=("", "_pair"))
    assert len(matched) == len(bundled.pairs)
    assert (matched["value"] == matched["cca"]).all()
    assert (matched["band"] == matched["band_pair"]).all()
    assert "4 Pitt et al. 2013 (3 of 11 named)" in [one.replace("\u00a0", " ") for one in texts]
    (held,) = pe.figures.drawn(ax)
    assert held.title == "Overlap of reviews"
    assert "Simpson & House 2002 and White et al. 2020 share 2 of 4 (50%, very high)" in held.alt
    none = (bundled.pairs["both"] == 0).sum()
    assert held.alt.endswith(f"{none} pairs share no study.")


def test_citation_matrix_of_the_bundled_reviews(bundled, look):
    ax = pe.figures.citation_matrix(bundled)
    texts = look(ax)
    assert {"3/11", "7/62", "2/2", "included", "Reviews"} <= set(texts)
    assert "candidate, not seen in the review" not in texts
    both = pe.overlap(pe.load(), status=["confirmed", "candidate"])
    assert "candidate, not seen in the review" in look(pe.figures.citation_matrix(both))


def test_both_can_be_saved(bundled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("overlap", "citation_matrix"):
        pe.figures.save(getattr(pe.figures, name)(bundled), name, formats=("svg",))
        one = (tmp_path / f"{name}.svg").read_bytes()
        pe.figures.save(getattr(pe.figures, name)(bundled), name, formats=("svg",))
        assert (tmp_path / f"{name}.svg").read_bytes() == one


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pe.figures.overlap(made(1)),
         "o: 1 review with studies, and overlap needs at least 2"),
        (lambda: pe.figures.overlap(made(31)),
         "o: 31 reviews, and the grid holds at most 30; name some of them, "
         "overlap(..., reviews=[...])"),
        (lambda: pe.figures.citation_matrix(made(29)),
         "o: 29 reviews, and the matrix holds at most 28; name some of them, "
         "overlap(..., reviews=[...])"),
        (lambda: pe.figures.overlap_table("x"), "o: found str, allowed is the result of overlap()"),
        (lambda: pe.figures.citation_matrix("x"),
         "o: found str, allowed is the result of overlap()"),
        (lambda: pe.figures.citation_matrix(pe.overlap(pd.DataFrame(
            {"review": ["a"], "study": ["b"], "status": ["candidate"]}))),
         "o: no review has a study, so there is no matrix"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


def test_the_name_of_a_review_is_not_cut_where_columns_are_narrow(look):
    names = [
        f"Guideline development group number {j:02d} of a ministry 20{j:02d}" for j in range(27)
    ]
    rows = [{"review": name, "study": f"S{i}"} for name in names for i in range(2)]
    texts = look(pe.figures.citation_matrix(pe.overlap(pd.DataFrame(rows))))
    assert set(names) <= set(texts)

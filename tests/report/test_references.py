"""References in Vancouver style, from rows in the forms that records hold."""

from __future__ import annotations

from typing import Any

import pytest

from peer_evidence.report.plain import plain
from peer_evidence.report.references import METHODS, Cited, linked, vancouver

ROW: dict[str, Any] = {
    "label": "Ng 2009",
    "authors": "Ng A",
    "title": "On x",
    "journal": "BMC Psychiatry 23:406",
    "year": 2009,
    "doi": "10.1/x",
    "pmid": "12",
    "source": "10.1/x",
}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "Ng A. On x. BMC Psychiatry 2009;23:406. doi:10.1/x"),
        (
            {"journal": "J Mental Health 60(4):491-497", "doi": None},
            "Ng A. On x. J Mental Health 2009;60(4):491-7. PMID 12",
        ),
        ({"journal": "J 41:699-705"}, "Ng A. On x. J 2009;41:699-705. doi:10.1/x"),
        ({"journal": "J 9:98-103"}, "Ng A. On x. J 2009;9:98-103. doi:10.1/x"),
        ({"journal": "J 338:a3064"}, "Ng A. On x. J 2009;338:a3064. doi:10.1/x"),
        ({"journal": "Cochrane (3):CD1"}, "Ng A. On x. Cochrane 2009;(3):CD1. doi:10.1/x"),
        ({"journal": "Some Journal"}, "Ng A. On x. Some Journal 2009. doi:10.1/x"),
        ({"journal": None}, "Ng A. On x. 2009. doi:10.1/x"),
        ({"year": None}, "Ng A. On x. BMC Psychiatry 23:406. doi:10.1/x"),
        (
            {"authors": "A A; B B; C C; D D; E E; F F; G G", "title": "Does it?"},
            "A A, B B, C C, D D, E E, F F, et al. Does it? BMC Psychiatry 2009;23:406. doi:10.1/x",
        ),
        (
            {"authors": None, "doi": None, "pmid": None, "source": "a report"},
            "Ng 2009. On x. BMC Psychiatry 2009;23:406. Source: a report",
        ),
    ],
)
def test_a_row_as_a_reference(change: dict[str, Any], text: str) -> None:
    assert plain(vancouver({**ROW, **change})) == text


def test_markup_in_a_record_stays_text() -> None:
    assert "<script>" not in str(vancouver({**ROW, "title": "<script>", "doi": "<script>"}))


def test_every_doi_of_the_methods_is_linked() -> None:
    for text in METHODS.values():
        assert plain(linked(text)) == text
        assert ("href" in str(linked(text))) == ("doi:" in text)


def test_a_mark_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Cited().fill("As said [@nobody].") and Cited(["nobody"]).listed()

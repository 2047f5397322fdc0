"""Where everything of an effect direction plot stands: measured before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from peer_evidence.appraisal.tools import NO_JUDGEMENT, Judgement, Tool, risk_of_bias_tool
from peer_evidence.direction.quality import NOT_ASSESSED, quality_rank
from peer_evidence.errors import InputError
from peer_evidence.figures import bias_marks
from peer_evidence.figures.direction_marks import direction_entries, size_class_entries
from peer_evidence.figures.frames import Labels, labelled
from peer_evidence.figures.key import PITCH, Entry, key_lines
from peer_evidence.figures.layout import (
    MARGIN,
    Align,
    Column,
    headers_height,
    lines_height,
    natural_width,
    sheet_width,
    text_width,
    widest_word,
    wrap,
)
from peer_evidence.figures.style import POINTS_PER_MM, SINGLE_COLUMN, SMALL_SIZE, plain
from peer_evidence.formatting import p_value, per_cent, short_label, words

PAGE_HEIGHT = 230.0  # millimetres
ROW = 11.5
_NARROWEST = 12.0  # the least width of a domain, in points
_WIDEST = 64.0
_BROADEST = 150.0  # and where headings are long
_FEW = 3  # domains that may stand in one column of a journal
_DEEP = 3  # lines of a heading, above which it stands upright
DESIGNS = {
    "randomised_trial": "RCT",
    "cluster_randomised_trial": "cRCT",
    "quasi_experimental": "QE",
    "cohort": "CO",
    "pre_post": "PP",
    "cross_sectional": "CS",
    "qualitative": "QL",
    "programme_description": "PD",
}


@dataclass(frozen=True, slots=True)
class TestLine:
    """A line of the sign tests: its name, its text under each domain, upright or in lines."""

    name: str
    texts: list[tuple[str, ...]]
    turned: bool
    height: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The measures of one effect direction plot, in points."""

    by: str
    width: float
    head: float  # where the rows begin
    studies: pd.DataFrame  # one row a study, in order
    names: list[tuple[str, ...]]  # its name in lines
    heights: list[float]  # of its row
    left: list[Column]
    domains: list[Column]
    turned: bool  # headings stand upright where they would not fit
    upright: list[tuple[str, ...]]  # their lines then
    tests: list[TestLine]
    scale: float  # of the triangles, where domains are narrow
    key: list[list[Entry]]
    judgements: list[list[Judgement]]  # the key of the risk of bias
    shapes: dict[str, str]  # of its marks
    note: str

    @property
    def tests_height(self) -> float:
        """The height of the sign tests."""
        return sum(one.height for one in self.tests) + 6

    @property
    def key_height(self) -> float:
        """The height of the key, of directions and of risk of bias."""
        return PITCH * len(self.key) + bias_marks.key_height(self.judgements)


def tool_of(d: Any) -> Tool:
    """Give the tool whose words the judgements are; that with the words of all where none is."""
    return getattr(d, "tool", None) or risk_of_bias_tool("generic")


def judged_looks(d: Any, words_of: Any) -> list[Judgement]:
    """Give the look of each judgement, of what was not assessed too."""
    tool = tool_of(d)
    blank = replace(NO_JUDGEMENT, name="Not assessed")
    return [blank if one == NOT_ASSESSED else tool.look(one) for one in words_of]


def best_plan(
    d: Any, cells: pd.DataFrame, tests: pd.DataFrame, labels: Labels, ax: Axes | None
) -> Plan:
    """Measure the plot for one column of a journal where all fits there, else for two."""
    if ax is None and len(tests) <= _FEW:
        plan = plan_sheet(d, cells, tests, labels, SINGLE_COLUMN * POINTS_PER_MM)
        told = natural_width([one.name for one in plan.tests], SMALL_SIZE)
        whole = all(len(one) == 1 for one in plan.names)
        level = not plan.turned and not any(one.turned for one in plan.tests)
        if whole and level and plan.domains[0].left >= MARGIN + told + 4:
            return plan
    return plan_sheet(d, cells, tests, labels, sheet_width(ax))


def plan_sheet(
    d: Any, cells: pd.DataFrame, tests: pd.DataFrame, labels: Labels, width: float
) -> Plan:
    """Measure the texts, and share the width between the studies and the domains."""
    studies = _studies(cells)
    heads = [labelled(labels, domain) for domain in tests[d.by]]
    lines = _test_lines(tests)
    judged = bool((studies["quality"] != NOT_ASSESSED).any())
    held = sorted(set(studies["quality"]), key=lambda one: quality_rank(tool_of(d), one))
    looks = judged_looks(d, held) if judged else []
    left, pitch = _columns(studies, heads, lines, width, judged=judged)
    start = width - MARGIN - pitch * len(heads)
    domains = [
        Column(str(code), head, start + place * pitch, pitch, "center")
        for place, (code, head) in enumerate(zip(tests[d.by], heads, strict=True))
    ]
    turned = widest_word(heads, weight="bold") > pitch - 5 or _deepest(heads, pitch - 8) > _DEEP
    upright = _upright(heads, pitch) if turned else []
    tall = natural_width([one for lines in upright for one in lines], weight="bold") + 4
    tall = tall if turned else 0.0
    head_height = max(tall, headers_height(left), 0 if turned else headers_height(inset(domains)))
    names = [wrap(name, left[0].width) for name in studies["name"]]
    numbers = bool((cells["combined"] > 1).any() or starred(cells).any())
    scale = min(1.0, (pitch - (5.5 if numbers else 2.0)) / 10.5)
    return Plan(
        by=d.by,
        width=width,
        head=MARGIN + head_height + 3,
        studies=studies,
        names=names,
        heights=[ROW + lines_height(len(one) - 1) for one in names],
        left=left,
        domains=domains,
        turned=turned,
        upright=upright,
        tests=[_test_line(name, texts, pitch) for name, texts in lines],
        scale=scale,
        key=_key(d, cells, width, scale),
        judgements=bias_marks.key_rows(looks, width - 2 * MARGIN) if judged else [],
        shapes=bias_marks.shapes_of(looks),
        note=_note(d, cells, studies, judged=judged),
    )


def _deepest(heads: list[str], width: float) -> int:
    """Give in how many lines the longest heading stands at a width."""
    return max(len(wrap(one, max(width, 1.0), weight="bold")) for one in heads)


def _upright(heads: list[str], pitch: float) -> list[tuple[str, ...]]:
    """Set headings upright, in as many lines as stand side by side in a domain."""
    lines = max(int((pitch - 1) / lines_height(1)), 1)
    longest = natural_width(heads, weight="bold")
    length = min(150.0, longest)
    while length < longest and _deepest(heads, length) > lines:
        length += 10 if length < 500 else length / 4  # of an endless heading in few steps
    return [wrap(one, length + 1, weight="bold") for one in heads]


def _test_line(name: str, texts: list[str], pitch: float) -> TestLine:
    """Set the texts of a sign test in a line or two, upright where they would not fit."""
    flat = [wrap(text, pitch - 3, SMALL_SIZE) for text in texts]
    tallest = max(len(lines) for lines in flat)
    if tallest <= 2 and widest_word(texts, SMALL_SIZE) <= pitch - 3:
        return TestLine(name, flat, False, lines_height(tallest, SMALL_SIZE) + 2)
    upright: list[tuple[str, ...]] = [(text,) for text in texts]
    return TestLine(name, upright, True, natural_width(texts, SMALL_SIZE) + 8)


def _columns(
    studies: pd.DataFrame,
    heads: list[str],
    lines: list[tuple[str, list[str]]],
    width: float,
    *,
    judged: bool,
) -> tuple[list[Column], float]:
    """Give the columns of the studies, and the width of a domain.

    Domains are as wide as their headings and tests ask for, as long as names keep their room.
    """
    parts: list[tuple[str, str, Align]] = [("design", "Design", "left"), ("n", "n", "right")]
    parts += [("quality", "RoB", "center")] if judged else []
    sizes = {
        key: natural_width([*([] if key == "quality" else studies[key]), head], weight="bold")
        for key, head, _ in parts
    }
    fixed = sum(sizes.values()) + 7 * len(parts) + 6
    room = width - 2 * MARGIN - fixed
    words_wide = widest_word(heads, weight="bold") + 8
    tests_wide = max(natural_width(texts, SMALL_SIZE) for _, texts in lines) + 4
    wanted = min(max(words_wide, tests_wide), _WIDEST)
    named = max(natural_width(list(studies["name"])), text_width("Study", weight="bold"))
    free = (room - max(named, 100.0)) / len(heads)
    while wanted < min(free, _BROADEST) and _deepest(heads, wanted - 8) > _DEEP:
        wanted += 4  # a long heading takes the width that the names leave
    least = min(named, 100.0)
    pitch = min((room - least) / len(heads), wanted)
    if pitch < _NARROWEST:
        pitch = (room - min(named, 72.0)) / len(heads)
    if pitch < _NARROWEST:
        most = int((room - min(named, 72.0)) / _NARROWEST)
        raise InputError(
            f"d: {len(heads)} domains do not fit into a figure of {width / POINTS_PER_MM:.0f} mm, "
            f"allowed are {most}; give fewer domains, such as those of one group"
        )
    left = [Column("name", "Study", MARGIN, room - pitch * len(heads))]
    x = MARGIN + left[0].width + 7
    for key, head, align in parts:
        left.append(Column(key, head, x, sizes[key], align))
        x += sizes[key] + 7
    return left, pitch


def inset(domains: list[Column]) -> list[Column]:
    """Give the columns of the domains with air between their headings."""
    return [Column(one.key, one.header, one.left + 2, one.width - 8, "center") for one in domains]


def _studies(cells: pd.DataFrame) -> pd.DataFrame:
    """Give one row a study as its row of text: name, design in short, size, judgement."""
    people = cells.groupby("study_id", sort=False)["n_intervention"].max()
    studies = cells.drop_duplicates("study_id").reset_index(drop=True)
    n = [people[study] for study in studies["study_id"]]
    designs = studies["design"]
    return pd.DataFrame({
        "study_id": studies["study_id"],
        "name": [plain(short_label(str(label))) for label in studies["label"]],
        "design": [
            "?" if pd.isna(one) else DESIGNS.get(one, words(str(one))) for one in designs
        ],
        "design_words": ["" if pd.isna(one) else words(str(one)) for one in designs],
        "n": ["?" if pd.isna(one) else str(int(one)) for one in n],
        "quality": studies["quality"],
    })  # fmt: skip


def _test_lines(tests: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Give the lines of the sign tests: what they are called, and their text for each domain."""
    held: list[list[str]] = [[], [], [], []]
    for one in tests.to_dict("records"):
        n = int(one["favours"]) + int(one["against"])
        held[0].append(f"{int(one['favours'])} of {n}")
        low, high = per_cent(one["ci_low"]), per_cent(one["ci_high"])
        held[1].append(f"{low} to {high}" if n else "–")
        held[2].append(p_value(one["p_value"]) if n else "–")
        held[3].append(str(int(one["conflicting"]) + int(one["no_sign"])))
    names = (
        "Sign test: up, of up and down",
        "95% interval of that share",
        "p, exact, two-sided",
        "Left out: conflicting or no sign",
    )
    return list(zip(names, held, strict=True))


def _key(d: Any, cells: pd.DataFrame, width: float, scale: float) -> list[list[Entry]]:
    """Give the key of the directions and sizes."""
    room = width - 2 * MARGIN
    lines = key_lines(direction_entries(cells["direction"], d.intervention), room)
    sized = cells.loc[~cells["direction"].isin(["null", "unclear"]), "size"]
    sizes = size_class_entries(sized, scale)
    if sizes:
        lines += key_lines(sizes, room)
    return lines


def _note(d: Any, cells: pd.DataFrame, studies: pd.DataFrame, *, judged: bool) -> str:
    """Say by which rule a study has its direction, and what the short forms mean."""
    rule = "whose direction is reported" if d.denominator == "known" else "whatever they report"
    parts = [
        f"A study has the direction of at least {per_cent(d.agreement)} of its results {rule}, "
        "else they conflict; significance plays no part. The size of a triangle is that of the "
        "intervention group (n, the largest of the study; ? not known)."
    ]
    if (cells["combined"] > 1).any():
        parts.append("Small number: results combined, where more than one.")
    if (starred(cells)).any():
        parts.append("*: further results whose direction is not reported.")
    pairs = studies.loc[studies["design_words"] != "", ["design", "design_words"]]
    short = pairs[pairs["design"] != pairs["design_words"]].drop_duplicates()
    if len(short):
        parts.append("; ".join(f"{one} {full}" for one, full in short.to_numpy()) + ".")
    if judged:
        by = "" if tool_of(d).code == "generic" else f", judged with {tool_of(d).name}"
        parts.append(f"RoB: risk of bias{by}.")
    else:
        parts.append("Risk of bias: not assessed.")
    return " ".join(parts)


def starred(cells: pd.DataFrame) -> pd.Series:
    """Tell which cells have a direction and, beside it, results of unknown direction."""
    return (cells["unclear"].fillna(0) > 0) & (cells["direction"] != "unclear")


def page_note(plan: Plan, page: int, pages: int) -> str:
    """Give the note of one page of several."""
    tests = "" if page == pages else f" The sign tests of all studies stand on page {pages}."
    return f"Page {page} of {pages}.{tests} {plan.note}"


def pages_of(plan: Plan) -> list[tuple[int, int]]:
    """Share the studies among pages; the last one needs room for the sign tests."""
    told = wrap(page_note(plan, 1, 9), plan.width - 2 * MARGIN, SMALL_SIZE)
    under = 9 + plan.key_height + lines_height(len(told), SMALL_SIZE) + MARGIN
    room = PAGE_HEIGHT * POINTS_PER_MM - plan.head - under
    heights = plan.heights
    start, pages = 0, []
    while sum(heights[start:]) > room - plan.tests_height and start < len(heights) - 1:
        end, used = start + 1, heights[start]
        while end < len(heights) - 1 and used + heights[end] <= room:
            used += heights[end]
            end += 1
        pages.append((start, end))
        start = end
    return [*pages, (start, len(heights))]

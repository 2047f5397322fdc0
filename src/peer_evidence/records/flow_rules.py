"""What the counts of a flow of studies must keep together (PRISMA 2020).

A box that is left out counts as nothing there; one whose number is empty is not known, and no rule
that needs it is applied. Records may become several reports, so the two rules that lead from one to
the other warn, while the rest are faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from peer_evidence.records.cells import numbers
from peer_evidence.records.faults import Fault
from peer_evidence.records.read import RawTable

SPECIFIC = {
    "database_specific_results": "database_results",
    "register_specific_results": "register_results",
}
REASONS = ("dbr_excluded", "other_excluded")
_WEB = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class _Sum:
    """A box that must be the sum of others."""

    box: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    hard: bool = True


_SUMS = (
    _Sum(
        "records_screened",
        ("database_results", "register_results"),
        ("duplicates", "excluded_automatic", "excluded_other"),
    ),
    _Sum("dbr_sought_reports", ("records_screened",), ("records_excluded",), hard=False),
    _Sum("dbr_assessed", ("dbr_sought_reports",), ("dbr_notretrieved_reports",)),
    _Sum("other_assessed", ("other_sought_reports",), ("other_notretrieved_reports",)),
    _Sum("new_reports", ("dbr_assessed", "other_assessed"), REASONS, hard=False),
    _Sum("total_studies", ("previous_studies", "new_studies")),
    _Sum("total_reports", ("previous_reports", "new_reports")),
)
# each must not be more than the sum of the first of the groups that has a box
_AT_MOST = (
    ("new_studies", (("new_reports",),)),
    ("total_studies_ma", (("total_studies",), ("new_studies",))),
    ("total_reports_ma", (("total_reports",), ("new_reports",))),
    ("other_sought_reports", (("website_results", "organisation_results", "citations_results"),)),
)


@dataclass(slots=True)
class Counts:
    """The number of each box, the parts it has, and the line it stands on.

    Attributes
    ----------
    totals : dict of str to int or None
        None where the number is not known.
    parts : dict of str to list
        Label, number and line of each database, register or reason.
    lines : dict of str to int
        Where a box, or the first of its parts, stands.
    """

    totals: dict[str, int | None] = field(default_factory=dict)
    parts: dict[str, list[tuple[str, int | None, int]]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def has(self, box: str) -> bool:
        """Tell whether a box, or a part of it, is there."""
        return box in self.totals or box in self.parts

    def number(self, box: str) -> int | None:
        """Give the number of a box, from its parts where it has none of its own; None: unknown."""
        if box in self.totals:
            return self.totals[box]
        return _sum([n for _, n, _ in self.parts.get(box, [])])


def check_flow(raw: RawTable) -> tuple[Counts, list[Fault]]:
    """Check the counts of a flow; faults are noted in the file, warnings given back.

    Parameters
    ----------
    raw : RawTable
        The file, its cells checked one by one.

    Returns
    -------
    Counts, list of Fault
        What the boxes hold, and what should be looked at but may be so.
    """
    counts = Counts()
    if not {"box", "n"} <= raw.columns.keys():
        return counts, []
    _collect(raw, counts)
    _check_links(raw)
    soft: list[Fault] = []
    if raw.faulty("box").any():  # a box that nobody knows would only make sums wrong
        return counts, soft
    for rule in _SUMS:
        _check_sum(raw, counts, rule, soft)
    _check_parts(raw, counts)
    for box, groups in _AT_MOST:
        _check_most(raw, counts, box, groups)
    _check_some_study(raw, counts)
    return counts, soft


def _collect(raw: RawTable, counts: Counts) -> None:
    """Put each row in its box; a box that stands twice is a fault."""
    values = numbers(raw.columns["n"])
    labels = raw.columns.get("label", [""] * len(raw))
    spoiled = raw.faulty("box") | raw.faulty("n")
    for row, (box, label) in enumerate(zip(raw.columns["box"], labels, strict=True)):
        line = int(raw.lines[row])
        if spoiled[row]:
            if not raw.faulty("box")[row]:
                counts.totals.setdefault(box, None)
                counts.lines.setdefault(box, line)
            continue
        n = None if values[row] != values[row] else int(values[row])
        if box in SPECIFIC and not label:
            raw.fault(line, "label", f"{box} must name the database or register", label)
            continue
        if box in SPECIFIC or (box in REASONS and label):
            whole = SPECIFIC.get(box, box)
            held = counts.parts.setdefault(whole, [])
            twice = next((at for name, _, at in held if name == label), None)
            if twice is None:
                held.append((label, n, line))
                counts.lines.setdefault(whole, line)
                continue
            raw.fault(line, "label", f"must stand in {box} once; it is on line {twice}", label)
        elif box in counts.totals:
            where = counts.lines[box]
            raw.fault(line, "box", f"a box must stand once; it is on line {where} too", box)
        else:
            counts.totals[box] = n
            counts.lines[box] = line


def _check_links(raw: RawTable) -> None:
    for line, link in zip(raw.lines, raw.columns.get("link", []), strict=False):
        if link and (not link.lower().startswith(_WEB) or any(one.isspace() for one in link)):
            rule = "must be a web address that begins with http:// or https://, without spaces"
            raw.fault(int(line), "link", rule, link)


def _check_sum(raw: RawTable, counts: Counts, rule: _Sum, soft: list[Fault]) -> None:
    found = counts.number(rule.box)
    plus = [box for box in rule.plus if counts.has(box)]
    minus = [box for box in rule.minus if counts.has(box)]
    held = [counts.number(box) for box in (*plus, *minus)]
    if not counts.has(rule.box) or found is None or not plus or None in held:
        return
    signs = [1] * len(plus) + [-1] * len(minus)
    known = [n for n in held if n is not None]
    expected = sum(sign * n for sign, n in zip(signs, known, strict=True))
    if expected == found:
        return
    told = " ".join(
        f"{'-' if sign < 0 else '+'} {box} ({n})"
        for sign, box, n in zip(signs, (*plus, *minus), known, strict=True)
    ).removeprefix("+ ")
    verb = "must be" if rule.hard else "is expected to be"
    text = f"{rule.box} {verb} {told} = {expected}"
    if not rule.hard:
        text += "; it may differ where a record has several reports, or a report several records"
        soft.append(Fault(raw.file, counts.lines[rule.box], "n", text, str(found)))
    else:
        raw.fault(counts.lines[rule.box], "n", text, str(found))


def _check_parts(raw: RawTable, counts: Counts) -> None:
    """Note each total that is not the sum of its databases, registers or reasons."""
    for box, parts in counts.parts.items():
        whole, total = counts.totals.get(box), _sum([n for _, n, _ in parts])
        if whole is None or total is None or whole == total:
            continue
        what = (
            "reasons"
            if box in REASONS
            else next(name for name, of in SPECIFIC.items() if of == box)
        )
        told = " + ".join(f"{name} ({n})" for name, n, _ in parts)
        rule = f"{box} must be the sum of its {what}, {told} = {total}"
        raw.fault(counts.lines[box], "n", rule, str(whole))


def _check_most(raw: RawTable, counts: Counts, box: str, groups: Sequence[Sequence[str]]) -> None:
    found = counts.number(box)
    for group in groups:
        held = [one for one in group if counts.has(one)]
        if not held:
            continue
        known = [counts.number(one) for one in held]
        limit = _sum(known)
        if found is not None and counts.has(box) and limit is not None and found > limit:
            told = " + ".join(f"{one} ({n})" for one, n in zip(held, known, strict=True))
            end = f" = {limit}" if len(held) > 1 else ""
            raw.fault(counts.lines[box], "n", f"{box} must not be more than {told}{end}",
                      str(found))  # fmt: skip
        return


def _check_some_study(raw: RawTable, counts: Counts) -> None:
    """Note reports of new studies without a study; a review may well find neither."""
    studies, reports = counts.number("new_studies"), counts.number("new_reports")
    there = counts.has("new_studies") and counts.has("new_reports")
    if there and studies == 0 and reports:
        rule = f"new_studies must be at least 1, as new_reports is {reports}"
        raw.fault(counts.lines["new_studies"], "n", rule, "0")


def _sum(values: Sequence[int | None]) -> int | None:
    """Add numbers up; None where one is not known."""
    known = [one for one in values if one is not None]
    return sum(known) if len(known) == len(values) else None

"""Reading a table of risk-of-bias judgements, as robvis has them, into that of a review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from peer_evidence.appraisal.assessments import is_long, roles_of
from peer_evidence.appraisal.tools import (
    NOT_RECORDED,
    OVERALL,
    Tool,
    bare,
    find_tool,
    risk_of_bias_tool,
    tool_codes,
)
from peer_evidence.checks import nearest
from peer_evidence.errors import InputError
from peer_evidence.exchange.bibliography.names import slug
from peer_evidence.exchange.imported import Imported
from peer_evidence.formatting import count, short_label
from peer_evidence.records.faults import Fault
from peer_evidence.records.frames import frame_table
from peer_evidence.records.read import RawTable, read_csv
from peer_evidence.records.workbook import is_workbook, open_workbook

JUDGED = ("study_id", "tool", "domain", "judgement", "source", "locator")
_STUDY = ("study_id", "label", "source", "locator")
_ASIDE = {"note", "confidence", "doi", "year", "source", "locator"}
_SIGNS = {  # signs that mean one judgement in every figure of the tool
    "+": {"": "low"},
    "?": {"rob_1": "unclear", "quadas_2": "unclear", "": "no_information"},
    "-": {"rob_1": "high", "quadas_2": "high"},
    "x": {"rob_2": "high", "rob_2_cluster": "high"},
}
_SAME = str.maketrans({"−": "-", "–": "-", "×": "x", "X": "x", "＋": "+", "？": "?"})


def read_risk_of_bias(
    data: str | Path | pd.DataFrame,
    tool: str | Tool | None = None,
    *,
    studies: Any = None,
    source: str | None = None,
) -> Imported:
    """Read judgements on risk of bias as rows of a review.

    Parameters
    ----------
    data : str, Path or DataFrame
        A CSV file, an Excel workbook or a frame: one row a study with a column a domain
        (``Study``, ``D1``, ..., ``Overall`` and perhaps ``Weight``), as robvis has them; or one
        row a judgement (``study_id``, ``domain``, ``judgement``, perhaps ``tool``).
    tool : str or Tool, optional
        What was judged with, such as ``"RoB 2"`` or ``"ROBINS-I"``; see
        :func:`peer_evidence.risk_of_bias_tool`. Only a table that names it can do without.
    studies : Evidence or DataFrame, optional
        The studies there are (``study_id`` and ``label``); each row is matched to one of them by
        either. Without it the table ``studies`` of the result has those of the file.
    source : str, optional
        The text the judgements rest on, as a DOI or an address; the name of the file when left
        out.

    Returns
    -------
    Imported
        Its table ``risk_of_bias`` has a row a judgement. Capitals, spaces and signs of a word do
        not count: ``Some concerns`` is ``some_concerns``, ``NI`` no information. An empty cell is
        not recorded and gives no row. A word that the tool does not have, a domain that it does
        not have, a study that is not known or stands twice: each is a fault with row and column.

    Raises
    ------
    InputError
        If there is no such file, tool or column, or ``studies`` is no table of studies.

    References
    ----------
    McGuinness and Higgins 2021, doi 10.1002/jrsm.1411 (robvis, whose tables are read here).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"Study": ["Ash 2001"], "D1": ["Low"], "Overall": ["Some concerns"]})
    >>> held = read_risk_of_bias(frame, "RoB 2")
    >>> held.tables["risk_of_bias"][["study_id", "domain", "judgement"]].to_numpy().tolist()
    [['ash_2001', 'randomization_process', 'low'], ['ash_2001', 'overall', 'some_concerns']]
    """
    chosen = None if tool is None else risk_of_bias_tool(tool)
    known = None if studies is None else _Known.of(studies)
    name, raw, faults, notes = _table(data)
    reading = _Reading(name, raw, chosen, known, source)
    if raw.columns:
        roles = roles_of(raw.columns)
        if "study" not in roles:
            rule = "the header must name the studies in a column 'Study' or 'study_id'"
            raw.fault(reading.header, "", rule, ", ".join(raw.columns))
        elif chosen is None and "tool" not in roles:
            listed = ", ".join(repr(code) for code in tool_codes())
            raise InputError(f"tool: the table names none; say which it is: {listed}")
        else:
            reading.take(roles)
    tables = {"risk_of_bias": pd.DataFrame(reading.judged, columns=list(JUDGED), dtype=object)}
    if known is None:
        rows = list(reading.studies.values())
        tables = {"studies": pd.DataFrame(rows, columns=list(_STUDY), dtype=object)} | tables
    return Imported(name, tables, (*faults, *raw.faults), (*notes, *reading.notes()))


@dataclass(slots=True)
class _Known:
    """The studies there are, by every name of theirs."""

    by_name: dict[str, set[str]]
    by_bare: dict[str, set[str]]

    @classmethod
    def of(cls, studies: Any) -> _Known:
        frame = studies if isinstance(studies, pd.DataFrame) else getattr(studies, "studies", None)
        if not isinstance(frame, pd.DataFrame) or "study_id" not in frame:
            raise InputError(
                f"studies: found {type(studies).__name__}, allowed are the records that "
                "peer_evidence.load() gives, or a DataFrame with study_id and label"
            )
        by_name: dict[str, set[str]] = {}
        labels = frame["label"] if "label" in frame else frame["study_id"]
        for study, label in zip(frame["study_id"].map(str), labels.map(str), strict=True):
            for one in (study, label, short_label(label)):
                by_name.setdefault(one, set()).add(study)
        by_bare: dict[str, set[str]] = {}
        for one, found in by_name.items():
            by_bare.setdefault(bare(one), set()).update(found)
        return cls(by_name, by_bare)

    def find(self, text: str) -> set[str]:
        """Give the studies that a text names."""
        return self.by_name.get(text) or self.by_bare.get(bare(text)) or set()


@dataclass(slots=True)
class _Reading:
    """A table of judgements while it is read."""

    name: str
    raw: RawTable
    tool: Tool | None
    known: _Known | None
    source: str | None
    judged: list[tuple[str, ...]] = field(default_factory=list)
    studies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    first: dict[tuple[str, str, str], str] = field(default_factory=dict)
    twice: set[tuple[int, str, str]] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    blank: int = 0
    domain_column: str = ""  # of a table of one row a judgement
    passed_over: list[str] = field(default_factory=list)

    @property
    def header(self) -> int:
        """The line of the header, as near as the rows tell."""
        return int(self.raw.lines[0]) - 1 if len(self.raw) else 1

    def take(self, roles: dict[str, str]) -> None:
        """Take every judgement of the table; what cannot be taken is a fault of it."""
        held = self.raw.columns
        cells = {name: [str(one).strip() for one in column] for name, column in held.items()}
        self.passed_over = [roles[one] for one in ("weight", "result") if one in roles]
        heads = [] if is_long(roles) else self._heads(roles)
        self.domain_column = roles["domain"] if is_long(roles) else ""
        for place, line in enumerate(self.raw.lines.tolist()):
            row = {name: column[place] for name, column in cells.items()}
            tool = self._tool(line, row, roles)
            study = self._study(line, row, roles)
            if tool is None or study is None:
                continue
            for column, head, text in _judgements(row, roles, heads):
                about = (study, row.get("source", ""), row.get("locator", ""))
                self._judge(line, column, tool, head, text, about)

    def notes(self) -> Iterator[str]:
        """Say what was passed over."""
        if self.blank:
            noun = count(self.blank, "cell is", "cells are")
            yield f"{noun} empty, which is no judgement and gives no row"
        for name in self.passed_over:
            yield f"the column {name} was passed over: risk_of_bias has none like it"

    def _heads(self, roles: dict[str, str]) -> list[str]:
        """Tell which columns of a wide table are domains; another is a fault of the header."""
        heads: list[str] = []
        for name in self.raw.columns:
            if name in roles.values() or bare(name) in _ASIDE:
                continue
            if self.tool and self.tool.domains and self.tool.find_domain(name) is None:
                short = ", ".join(one.short for one in self.tool.domains)
                rule = f"must be a domain of {self.tool.name} ({short}, or its name) or Overall"
                self.raw.fault(self.header, name, f"{rule}; rename the column or delete it", name)
            else:
                heads.append(name)
        return heads

    def _tool(self, line: int, row: dict[str, str], roles: dict[str, str]) -> Tool | None:
        """Give the tool of a row: that of its cell, else the one that was said."""
        said = row[roles["tool"]] if "tool" in roles else ""
        if not said and self.tool is not None:
            return self.tool
        code = find_tool(said)
        if code is None:
            self.raw.fault(line, roles["tool"], f"must be one of {', '.join(tool_codes())}", said)
            return None
        return risk_of_bias_tool(code)

    def _study(self, line: int, row: dict[str, str], roles: dict[str, str]) -> str | None:
        """Give the key of the study of a row; None where it has none."""
        column = roles["study"]
        said = row[column]
        if not said:
            self.raw.fault(line, column, "must name the study", "")
            return None
        if self.known is None:
            return self._own_key(line, said, row.get(roles.get("label", ""), "") or said)
        found = self.known.find(said)
        if len(found) == 1:
            return next(iter(found))
        if found:
            rule = f"must name one study, and stands for {', '.join(sorted(found))}; write its key"
        else:
            close = nearest(said, self.known.by_name)
            hint = f"; did you mean {close!r}?" if close else ""
            rule = f"must be a study of the records, by its study_id or label{hint}"
        self.raw.fault(line, column, rule, said)
        return None

    def _own_key(self, line: int, said: str, label: str) -> str:
        """Give a study that the file alone knows its key, and a row of its own."""
        key = self.keys.get(said)
        if key is None:
            start = key = slug(said) or f"study_{len(self.keys) + 1}"
            place = 1
            while key in self.studies:
                place += 1
                key = f"{start}_{place}"
            self.keys[said] = key
            self.studies[key] = (key, label, self._source(""), self._locator(line, ""))
        return key

    def _judge(
        self, line: int, column: str, tool: Tool, head: str, text: str, about: tuple[str, str, str]
    ) -> None:
        """Take one judgement; ``about`` is its study, and the source and locator of its row."""
        domain = tool.find_domain(head) or (head if not tool.domains and head else None)
        if domain is None:
            listed = ", ".join(one.code for one in tool.domains)
            rule = f"must be a domain of {tool.name}: {listed} or {OVERALL}"
            self.raw.fault(line, self.domain_column or column, rule, head)
            return
        if not text or bare(text) == bare(NOT_RECORDED):
            self.blank += 1
            return
        code = judgement_code(text, tool, domain)
        if code is None:
            self.raw.fault(line, column, _unknown(text, tool, domain), text)
            return
        study, source, locator = about
        here = self._locator(line, column)
        before = self.first.setdefault((study, tool.code, domain), here)
        if before != here:
            again = (line, study, tool.code)
            if again in self.twice:  # of a row that stands twice one fault is enough
                return
            self.twice.add(again)
            rule = f"must judge a study once, and {study} is judged in {before} already; keep one"
            self.raw.fault(line, column, rule, text)
            return
        self.judged.append((study, tool.code, domain, code, self._source(source), locator or here))

    def _source(self, own: str) -> str:
        return self.source or own or ("" if self.name == _FRAME else self.name)

    def _locator(self, line: int, column: str) -> str:
        origin = self.raw.origin
        place = origin.place(line, column) if origin else f"{self.name}, line {line}"
        in_place = not column or (origin is not None and self.name != _FRAME)
        return place if in_place else f"{place}, column {column}"


_FRAME = "frame"


def judgement_code(text: str, tool: Tool, domain: str) -> str | None:
    """Give the code of a judgement as people write it; None where it is not certain.

    A minus sign is some concerns in one figure of RoB 2 and high in another, so it is neither.

    Examples
    --------
    >>> rob2, rob1 = risk_of_bias_tool("RoB 2"), risk_of_bias_tool("rob_1")
    >>> [judgement_code(text, rob2, "overall") for text in ("Low risk of bias", "NI", "+", "-")]
    ['low', 'no_information', 'low', None]
    >>> judgement_code("-", rob1, "allocation_concealment")
    'high'
    """
    own = next((one for one in tool.domains if one.code == domain), None)
    if domain == OVERALL and tool.overall_rule == "stars":
        stars = text.partition("/")[0].strip().removesuffix(".0")
        return stars if stars.isdecimal() and stars.isascii() and int(stars) < 10 else None
    plain = text.lower().removesuffix(" of bias")
    found = tool.find_judgement(text, own) or tool.find_judgement(plain, own)
    if found is not None:
        return found
    signs = _SIGNS.get(text.translate(_SAME), {})
    meant = signs.get(tool.code, signs.get("", ""))
    return meant if meant in tool.allowed(own) else None


def _unknown(text: str, tool: Tool, domain: str) -> str:
    """Say which judgements there are, and the nearest."""
    if domain == OVERALL and tool.overall_rule == "stars":
        return "must be the number of stars, from 0 to 9"
    own = next((one for one in tool.domains if one.code == domain), None)
    allowed = tool.allowed(own)
    close = nearest(text.lower().replace(" ", "_"), allowed)
    hint = f"; did you mean {close!r}?" if close else ""
    return f"must be one of {', '.join(allowed)}, or empty when not judged{hint}"


def _judgements(
    row: dict[str, str], roles: dict[str, str], heads: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Give column, domain and judgement of each cell of a row."""
    if is_long(roles):
        yield roles["judgement"], row[roles["domain"]], row[roles["judgement"]]
        return
    for column in heads:
        yield column, column, row[column]


def _table(data: Any) -> tuple[str, RawTable, list[Fault], list[str]]:
    """Read the table as texts: its name, the table, faults of the file, notes."""
    if isinstance(data, pd.DataFrame):
        return _FRAME, frame_table(data, _FRAME, None, {}, _FRAME), [], []
    if not isinstance(data, (str, Path)) or not str(data):
        raise InputError(
            f"data: found {data!r}, allowed is a CSV file, an Excel workbook or a DataFrame"
        )
    path = Path(data)
    if not path.is_file():
        raise InputError(f"data: there is no file {str(data)!r}")
    if not is_workbook(path):
        return path.name, read_csv(path, path.name, None), [], []
    book = open_workbook(path)
    if book.faults:
        return path.name, RawTable(path.name), list(book.faults), []
    names = [one.removesuffix(".csv") for one in book.names] + book.framework
    read = {name: book.read(name, None) for name in names}
    fit = [name for name, raw in read.items() if "study" in roles_of(raw.columns)]
    if len(fit) == 1:
        others = [name for name in read if name != fit[0]]
        notes = [f"passed over, as no study is named there: {', '.join(others)}"] if others else []
        return path.name, read[fit[0]], [], notes
    rule = "one sheet must have a column 'Study' or 'study_id', and no other"
    fault = Fault(path.name, 1, "", rule, ", ".join(fit) or "none", path.name)
    return path.name, RawTable(path.name), [fault], []

"""Judgements that a person wrote into a worksheet: read, checked, every fault with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from peer_evidence.checks import check_columns, nearest
from peer_evidence.errors import InputError, RecordsError
from peer_evidence.records.faults import Fault
from peer_evidence.records.read import read_csv

# what may be judged of each domain -> the levels it is worth
# three levels: risk of bias by ROBINS-I (Schünemann 2019), imprecision (GRADE guidance 34)
_FURTHER = {"extremely_serious": -3}
_DOWN = {"not_serious": 0, "serious": -1, "very_serious": -2}
VOCABULARY: dict[str, dict[str, int]] = {
    "start": {"high": 4, "low": 2},
    "risk_of_bias": _DOWN | _FURTHER,
    "inconsistency": _DOWN,
    "indirectness": _DOWN,
    "imprecision": _DOWN | _FURTHER,
    "publication_bias": {"undetected": 0, "strongly_suspected": -1},
    "large_effect": {"no": 0, "large": 1, "very_large": 2},
    "dose_response": {"no": 0, "yes": 1},
    "opposing_confounding": {"no": 0, "yes": 1},
    "certainty": {"high": 4, "moderate": 3, "low": 2, "very_low": 1},
}
DOMAINS = tuple(name for name in VOCABULARY if name not in ("start", "certainty"))
DOWNGRADES = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
LEVELS = {level: word for word, level in VOCABULARY["certainty"].items()}
COLUMNS = ("outcome", "domain", "judgement", "reason", "judged_by")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person judged of one domain of one outcome."""

    word: str
    reason: str
    judged_by: str


Judgements = Mapping[tuple[str, str], Judgement]


def allowed_words(domain: str) -> str:
    """Give the words that a domain may be judged with, as a worksheet lists them.

    Examples
    --------
    >>> allowed_words("publication_bias")
    'undetected, strongly_suspected'
    """
    return ", ".join(VOCABULARY[domain])


def level_word(level: int) -> str:
    """Give the certainty of a level, never beyond very low and high.

    Examples
    --------
    >>> level_word(3), level_word(-1), level_word(5)
    ('moderate', 'very_low', 'high')
    """
    return LEVELS[min(max(level, 1), 4)]


def added_up(found: Judgements, outcome: str) -> str:
    """Give the certainty that a person's judgements of all domains add up to, else nothing."""
    words = {name: found.get((outcome, name)) for name in ("start", *DOMAINS)}
    if not all(words.values()):
        return ""
    levels = [VOCABULARY[name][one.word] for name, one in words.items() if one is not None]
    return level_word(sum(levels))


def read_judgements(source: Any, outcomes: list[str]) -> dict[tuple[str, str], Judgement]:
    """Read a filled worksheet.

    Parameters
    ----------
    source : DataFrame, str or Path
        The worksheet, or its CSV file: ``outcome``, ``domain``, ``judgement``, ``reason``,
        ``judged_by``; other columns are passed over. A row with an empty judgement is not judged.
        Capitals and blanks in a judgement do not count: ``Not serious`` is ``not_serious``.
    outcomes : list of str
        The outcomes there are.

    Returns
    -------
    dict
        Judgements by outcome and domain.

    Raises
    ------
    RecordsError
        Unknown words, outcomes or domains, a judgement without a person, a downgrade without a
        reason, one outcome and domain twice: all of them, with row and column. The header is
        line 1, also for a frame.
    InputError
        A column that is not there, or something that is no table.
    """
    name, lines, cells, faults = _cells(source)
    found: dict[tuple[str, str], Judgement] = {}
    for place, line in enumerate(lines):
        row = {column: cells[column][place] for column in COLUMNS}
        code = "_".join(row["judgement"].lower().replace("-", " ").split())
        if code in VOCABULARY.get(row["domain"], {}):
            row["judgement"] = code
        fault = _fault(row, outcomes, found)
        if fault is not None:
            faults.append(Fault(name, line, *fault))
        elif row["judgement"]:
            one = Judgement(row["judgement"], row["reason"], row["judged_by"])
            found[row["outcome"], row["domain"]] = one
    if faults:
        raise RecordsError(faults)
    return found


def _fault(
    row: dict[str, str], outcomes: list[str], found: Judgements
) -> tuple[str, str, str] | None:
    """Give column, rule and what was found of the first fault of a row."""
    outcome, domain, word = row["outcome"], row["domain"], row["judgement"]
    if outcome not in outcomes:
        return "outcome", _one_of(outcome, outcomes, "; "), outcome
    if domain not in VOCABULARY:
        return "domain", _one_of(domain, list(VOCABULARY)), domain
    if not word:
        return None
    allowed = VOCABULARY[domain]
    if word not in allowed:
        return "judgement", f"of {domain} {_one_of(word, list(allowed))}, or empty", word
    if not row["judged_by"]:
        return "judged_by", "must name the person, since a judgement is a person's", ""
    if domain not in ("start", "certainty") and allowed[word] and not row["reason"]:
        return "reason", f"must not be empty where {domain} is {word!r}", ""
    if (outcome, domain) in found:
        return "domain", "must be judged once for each outcome", domain
    return None


def _one_of(word: str, allowed: list[str], between: str = ", ") -> str:
    close = nearest(word, allowed)
    hint = f" (did you mean {close!r}?)" if close else ""
    return f"must be one of {between.join(allowed)}{hint}"


def _cells(source: Any) -> tuple[str, list[int], dict[str, list[str]], list[Fault]]:
    """Read the columns as text, from a file or a frame."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.is_file():
            raise InputError(f"judgements: found no file {str(path)!r}, allowed is a worksheet")
        raw = read_csv(path, path.name, None)
        if not raw.columns:
            raise RecordsError(raw.faults)
        check_columns(raw.columns, COLUMNS, "judgements")
        texts = {name: [_plain(cell) for cell in raw.columns[name]] for name in COLUMNS}
        return path.name, [int(line) for line in raw.lines], texts, list(raw.faults)
    if not hasattr(source, "columns"):
        raise InputError(
            f"judgements: found {type(source).__name__}, allowed is a DataFrame or the path of a "
            "CSV file"
        )
    check_columns(source.columns, COLUMNS, "judgements")
    texts = {}
    for name in COLUMNS:
        column = source[name].astype(object)
        texts[name] = [_plain(cell) for cell in column.where(column.notna(), "").tolist()]
    return "judgements", list(np.arange(2, len(source) + 2).tolist()), texts, []


def _plain(cell: Any) -> str:
    """Take the quote away that kept a spreadsheet from running the text."""
    text = str(cell).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text

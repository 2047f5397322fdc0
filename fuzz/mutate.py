"""Mutations of texts, tables and bytes, each drawn from one random source."""

from __future__ import annotations

import csv
import io
from random import Random

from fuzz.seeds import Rows

AWKWARD = (
    *("", " ", "NA", "n/a", "None", "null", "0", "-0", "-1", "00", "1e999", "-1e999", "1e-400"),
    *("1e-999999999", "1e308", "1e400", "nan", "inf", "-inf", "Infinity", "0x1F", "1_000", "0b1"),
    *("0,5", "1,000", "1.000,5", "50%", "<0.05", "p < .05", "ns", "3-4", "3/4", "Mar-04", "1e5"),
    *("\u0661\u0662", "\uff11\uff12", "\u0967", "\u00b2", "\u2162", "\u2212\u0031", "½", "१.५"),
    *("\u00a0", "\u200b", "\ufeff", "\u202eabc", "\u2066x\u2069", "\u0301", "e\u0301", "ﬀ", "İ"),
    *("\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\n", "\r", "\r\n", "\t", "\x0b"),
    *('"', '""', "'", "“x”", "a;b", ";", ";;", "|", "a|b", ",", "=1+1", "+1", "-1+1", "@SUM(A1)"),
    *("{study_id}", "{", "}", "{0}", "{rows}", "%s"),
    *("%", "\\", "\\n", "$x$", "../x", "/etc/passwd"),
    *("<b>x</b>", "&amp;", "]]>", "<!DOCTYPE a>", "#REF!", "#N/A", "TRUE", "yes", "Yes", "no"),
    *("9" * 15, "9" * 16, "9" * 30, "9" * 400, "." + "9" * 400, "1" + "0" * 5000, "a" * 300),
    *("9" * 30_000 + "x", "9," * 30_000, "p" + " " * 30_000),
    *("(" * 60_000, "[" * 60_000, "a " * 9000),
    *("PMID: " * 5000, "doi: " * 5000, "\\" * 40_000),
    *("{" * 40_000, "$" * 40_000, "0" * 40_000 + "x"),
    *("2013", "2013-13", "2013-02-30", "0000", "9999-12-31", "2013-07-04", "10000", "44000"),
    *("\ud800", "\udc80", "\udfff", "\U0001f600", "\U0010ffff", "\uffff", "\ufdd0", "\u1680"),
    *("favours_intervention", "intervention_vs_comparison", "RR", "OR", "MD", "SMD", "lower"),
    *("invented_a", "invented_zzz", "Invented_A"),
    *("invented_a;invented_b", "invented_a, invented_b"),
    *("rct", "confirmed", "domain=attendance|plaque;role=rct", "a=b;a=b", "role=rct|other", "="),
    *("number", "integer", "category", "list", "date", "key", "text", "studies.study_id"),
    *("domain", "design", "study_id", "outcome_id", "framework/terms", "narrative", "all"),
    *("http://a b", "https://x", "javascript:alert(1)", "file:///etc/passwd"),
)  # fmt: skip
_ENCODINGS = (
    *("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "cp037"),
    *("utf-7", "shift_jis", "cp437", "koi8-r"),
)
_ENDS = ("\n", "\r\n", "\r", "\n\n", "\x0b", "\x0c", "\u2028", "\x85", "\n\r")
_ALPHABET = "ab01 ,;\"\n\r\t'.-+eE%{}<>&\x00\ufeffé\u0661\u202e"


def text(rng: Random) -> str:
    """Give an awkward text, mostly a known one."""
    roll = rng.random()
    if roll < 0.75:
        return rng.choice(AWKWARD)
    if roll < 0.85:
        return "".join(rng.choice(_ALPHABET) for _ in range(rng.randrange(12)))
    if roll < 0.95:
        return number(rng)
    if roll < 0.99:
        return chr(rng.randrange(0x3000)) * rng.choice((1, 2, 40))
    return rng.choice('a1 ,"\u0301') * rng.choice((1000, 40_000, 140_000)) + rng.choice(("", "x"))


def number(rng: Random) -> str:
    """Give something like a number."""
    digits = str(rng.randrange(10 ** rng.choice((1, 2, 3, 6, 17))))
    if rng.random() < 0.5:
        place = rng.randrange(len(digits) + 1)
        digits = f"{digits[:place]}.{digits[place:]}"
    if rng.random() < 0.3:
        digits += rng.choice("eE") + str(rng.randrange(-400, 400))
    return rng.choice(("", "", "", "-", "+", "\u2212", "<", "~")) + digits


def cell(rng: Random, old: str) -> str:
    """Change a cell."""
    roll = rng.random()
    if roll < 0.6:
        return text(rng)
    place = rng.randrange(len(old) + 1)
    if roll < 0.75:
        return old[:place] + text(rng) + old[place:]
    if roll < 0.85:
        return rng.choice((old.upper(), old.title(), f" {old}", f"{old} ", old[::-1], old * 2))
    if roll < 0.95:
        return old[:place] + old[place + 1 :]
    return old


def table(rng: Random, rows: Rows, others: Rows | None = None) -> None:
    """Change a table in place, once: a cell, a row, a column or the header."""
    if not rows or not rows[0]:
        rows.append([text(rng)])
        return
    roll = rng.random()
    row = rng.randrange(len(rows))
    if roll < 0.55:
        if len(rows) > 1 and rng.random() < 0.9:
            row = rng.randrange(1, len(rows))
        if rows[row]:
            place = rng.randrange(len(rows[row]))
            rows[row][place] = cell(rng, rows[row][place])
    elif roll < 0.65:
        other = rng.randrange(len(rows))
        if rows[row] and rows[other]:
            here, there = rng.randrange(len(rows[row])), rng.randrange(len(rows[other]))
            rows[row][here], rows[other][there] = rows[other][there], rows[row][here]
    elif roll < 0.8:
        _change_row(rng, rows, row)
    elif roll < 0.9:
        _change_column(rng, rows)
    else:
        _change_header(rng, rows, others)


def _change_row(rng: Random, rows: Rows, row: int) -> None:
    how = rng.randrange(8)
    if how == 0:
        del rows[row]
    elif how == 1:
        rows.insert(rng.randrange(len(rows) + 1), list(rows[row]))
    elif how == 2:
        rows[row].append(text(rng))
    elif how == 3 and rows[row]:
        del rows[row][rng.randrange(len(rows[row])) :]
    elif how == 4:
        rows.insert(row, [text(rng) for _ in range(rng.randrange(5))])
    elif how == 5:
        rows[row] = ["" for _ in rows[row]]
    elif how == 6:
        rng.shuffle(rows)
    else:
        del rows[1:]


def _change_column(rng: Random, rows: Rows) -> None:
    width = len(rows[0])
    place = rng.randrange(max(width, 1))
    how = rng.randrange(4)
    for number_, row in enumerate(rows):
        if how == 0 and place < len(row):
            del row[place]
        elif how == 1 and place < len(row):
            row.append(row[place])
        elif how == 2:
            row.insert(place, text(rng) if number_ else "extra")
        elif how == 3 and place < len(row):
            row.insert(0, row.pop(place))


def _change_header(rng: Random, rows: Rows, others: Rows | None) -> None:
    place = rng.randrange(max(len(rows[0]), 1))
    how = rng.randrange(6)
    if how == 0:
        rows[0][place : place + 1] = [text(rng)]
    elif how == 1 and rows[0]:
        old = rows[0][place] if place < len(rows[0]) else ""
        rows[0][place] = rng.choice((old.upper(), f" {old}", old.replace("_", "-"), f"{old}s", ""))
    elif how == 2:
        rows[0][place:place] = [rng.choice(rows[0])] if rows[0] else [""]
    elif how == 3:
        rows.insert(0, [text(rng)])
    elif how == 4:
        del rows[0]
    elif others:
        rows[0] = list(rng.choice(others))


def serialise(rng: Random, rows: Rows) -> bytes:
    """Write a table as CSV, mostly as a sound program would."""
    if rng.random() < 0.7:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue().encode("utf-8", "surrogatepass")
    mark = rng.choice((",", ",", ",", ";", "\t", "|", ", ", ",,"))
    quote = rng.choice(("", '"', '"', "'", "“"))
    end = rng.choice(_ENDS)
    plain = end.join(mark.join(f"{quote}{one}{quote}" for one in row) for row in rows)
    if rng.random() < 0.1:
        plain = "sep=,\n" + plain
    if rng.random() < 0.5:
        return plain.encode("utf-8", "surrogatepass")
    return plain.encode(rng.choice(_ENCODINGS), "replace")


def raw(rng: Random, data: bytes) -> bytes:
    """Change bytes: flips, insertions, cuts, runs that stand twice."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        place = rng.randrange(len(changed) + 1)
        how = rng.randrange(7)
        if how == 0 and place < len(changed):
            changed[place] = rng.randrange(256)
        elif how == 1 and place < len(changed):
            changed[place] ^= 1 << rng.randrange(8)
        elif how == 2:
            changed[place:place] = rng.randbytes(rng.randrange(1, 5))
        elif how == 3:
            del changed[place : place + rng.randrange(1, 40)]
        elif how == 4:
            end = place + rng.randrange(1, 60)
            changed[place:place] = changed[place:end]
        elif how == 5:
            size = rng.choice((2, 4, 8))
            value = rng.choice((0, 1, 0x7F, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 63))
            packed = (value % (1 << 8 * size)).to_bytes(size, rng.choice(("little", "big")))
            changed[place : place + size] = packed
        elif rng.random() < 0.3:
            del changed[place:]
    return bytes(changed)

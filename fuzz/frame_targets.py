"""Targets that are typed tables: data frames, Parquet files, two extractions, two states."""

from __future__ import annotations

import datetime
import decimal
import fractions
import io
import warnings
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd

import peer_evidence as pe
from fuzz import mutate
from fuzz.cases import Target, lay_out, read_review
from fuzz.seeds import Rows, small_review, whole_review, written
from fuzz.text_targets import csv_bytes, mutated_tables, refused_or
from peer_evidence.records.frames import FrameSource
from peer_evidence.records.package import check_package

_NUMPY = (
    "int8",
    "uint64",
    "float16",
    "float32",
    "complex128",
    "bool",
    "S5",
    "U5",
    "M8[ns]",
    "m8[s]",
)
_PANDAS = ("Int64", "Float32", "boolean", "string", "category", "str", "Sparse[float]",
           "datetime64[ns, UTC]", "timedelta64[ns]", "period[M]", "interval[float]")  # fmt: skip


class _Odd:
    def __repr__(self) -> str:
        return "odd\nthing\ud800"


class _Rude:
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise TypeError("no comparison")

    __hash__ = None  # type: ignore[assignment]


def odd_value(rng: Random) -> Any:
    """Give a value of any type."""
    return rng.choice((
        *(None, np.nan, pd.NA, pd.NaT, float("inf"), -0.0, 1e300, 10**40, 10**5000, True, np.True_),
        *(b"bytes", bytearray(b"x"), [1, 2], ["a", "b"]),
        *(("a",), {"a": 1}, {"a"}, [], [None], object),
        *(datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3), datetime.time(3)),
        *(datetime.timedelta(1), pd.Timestamp("2020", tz="UTC")),
        *(pd.Timedelta(1), pd.Period("2020")),
        *(pd.Interval(0, 1), decimal.Decimal("1.50")),
        *(decimal.Decimal("NaN"), fractions.Fraction(1, 3)),
        *(1 + 2j, np.float16(1.5), np.int8(3), np.datetime64("2020-01-01"), np.timedelta64(1, "D")),
        *(np.array([1, 2]), np.array(3), pd.Series([1]), pd.DataFrame({"a": [1]}), _Odd(), len),
        *(np.datetime64("NaT"), np.float32("nan")),
        *(datetime.datetime(1, 1, 1), np.str_("x"), "\ud800"),
        *(_Rude(), range(3), Ellipsis, type, np.longdouble(1) / 3, float("1e22"), np.bytes_(b"q")),
        *(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), pd.Timestamp.max, np.void(b"a")),
    ))  # fmt: skip


def frame_of(rng: Random, rows: Rows) -> pd.DataFrame:
    """Take a table as a frame, its columns of texts and numbers."""
    width = max((len(row) for row in rows), default=0)
    padded = [row + [""] * (width - len(row)) for row in rows]
    cells = np.empty((max(len(padded) - 1, 0), width), dtype=object)
    if padded[1:]:
        cells[:] = padded[1:]
    frame = pd.DataFrame(cells, dtype=object)
    frame.columns = pd.Index(padded[0] if padded else [], dtype=object)
    numeric = rng.random() < 0.7
    columns = []
    for place in range(width):
        column = frame.iloc[:, place]
        if numeric and rng.random() < 0.8:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    column = pd.to_numeric(column.where(column != "", None))
                except (ValueError, TypeError, OverflowError):
                    column = frame.iloc[:, place]
        columns.append(column)
    if not columns:
        return frame
    found = pd.concat(columns, axis=1, keys=range(width))
    found.columns = frame.columns
    return found


def change_frame(rng: Random, frame: pd.DataFrame) -> pd.DataFrame:
    """Change the types, the labels or the cells of a frame."""
    how = rng.randrange(10)
    width = frame.shape[1]
    place = rng.randrange(max(width, 1))
    if how <= 3 and width and len(frame):
        column = pd.Series(list(frame.iloc[:, place]), dtype=object, index=frame.index)
        for _ in range(rng.choice((1, 1, 2, 5))):
            row = rng.randrange(len(column))
            held = column.tolist()
            held[row] = odd_value(rng)
            values = np.empty(len(held), dtype=object)
            for at, one in enumerate(held):
                values[at] = one
            column = pd.Series(values, index=frame.index)
        return _with(frame, place, column)
    if how <= 5 and width:
        kind = rng.choice((*_NUMPY, *_PANDAS, "category"))
        return _with(frame, place, frame.iloc[:, place].astype(kind))
    if how == 6:
        frame = frame.copy()
        frame.index = rng.choice((
            lambda: pd.Index([odd_hashable(rng) for _ in range(len(frame))], dtype=object),
            lambda: pd.MultiIndex.from_arrays([range(len(frame)), ["a"] * len(frame)]),
            lambda: pd.Index(["same"] * len(frame)),
            lambda: pd.date_range("2020", periods=len(frame)),
        ))()  # fmt: skip
        return frame
    if how == 7:
        frame = frame.copy()
        names: list[Any] = list(frame.columns)
        if names:
            names[place % len(names)] = odd_hashable(rng)
        kinds = rng.random()
        if kinds < 0.2:
            frame.columns = pd.MultiIndex.from_arrays([[str(one) for one in names],
                                                       range(len(names))])  # fmt: skip
        else:
            frame.columns = pd.Index(names, dtype=object)
        return frame
    if how == 8:
        return rng.choice((frame.T, frame.iloc[:0], frame.iloc[:, :0], frame[::-1],
                           pd.concat([frame, frame])))  # fmt: skip
    return pd.concat([frame, frame.iloc[:, place : place + 1]], axis=1)


def odd_hashable(rng: Random) -> Any:
    """Give a value that can be a label."""
    value = odd_value(rng)
    try:
        hash(value)
    except TypeError:
        return rng.choice((0, 1.5, None, ("a", 1), "\ud800", "x\ny", "study_id", "", b"study_id"))
    return value


def _with(frame: pd.DataFrame, place: int, column: pd.Series[Any]) -> pd.DataFrame:
    parts = [frame.iloc[:, at] for at in range(frame.shape[1])]
    parts[place] = column.rename(frame.columns[place])
    return pd.concat(parts, axis=1)


def changed_frame(rng: Random, rows: Rows) -> pd.DataFrame:
    """Give a table as a frame with something odd in it."""
    frame = frame_of(rng, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            try:
                frame = change_frame(rng, frame)
            except Exception:  # noqa: S112 - what pandas itself refuses
                continue
    return frame


def make_frames(rng: Random) -> dict[str, Any]:
    """Make the frames of a review and the names of their columns."""
    tables = whole_review() if rng.random() < 0.1 else small_review()
    if rng.random() < 0.4:
        mutated_tables(rng, tables, list(tables))
    chosen = rng.choice(list(tables))
    frames: Any = {
        name: changed_frame(rng, rows) if name == chosen else frame_of(rng, rows)
        for name, rows in tables.items()
    }
    columns: Any = None
    if rng.random() < 0.2:
        own = list(frames[chosen].columns) or [""]
        targets = (None, "study_id", "", 3, "label", float("nan"), ["study_id"], "x")
        columns = {chosen: {odd_or(rng, rng.choice(own)): rng.choice(targets) for _ in range(2)}}
    if rng.random() < 0.05:
        frames[rng.choice((1, None, "x", "framework/", "framework/\ud800", "studies", ("a",)))] = (
            rng.choice((frames[chosen], None, 3, [], {}, pd.Series([1])))
        )
    if rng.random() < 0.02:
        columns = rng.choice((3, "x", [1], {"studies": 1}, {"no": {}}, {1: {}}, {"studies": None}))
    return {"frames": frames, "columns": columns}


def odd_or(rng: Random, name: Any) -> Any:
    """Give a name, or once in a while something odd."""
    if rng.random() < 0.9:
        try:
            hash(name)
        except TypeError:
            return "x"
        return name
    return odd_hashable(rng)


def read_frames(case: Any, folder: Path, rng: Random) -> str:
    """Take the frames as a review."""
    return read_review(
        case["frames"], rng, lambda one: check_package(FrameSource(one, case["columns"]))
    )


def make_parquet(rng: Random) -> dict[str, bytes]:
    """Make a folder of Parquet files with columns of any type."""
    tables = whole_review() if rng.random() < 0.05 else small_review()
    if rng.random() < 0.3:
        mutated_tables(rng, tables, list(tables))
    chosen = rng.choice(list(tables))
    return {
        f"{name}.parquet": _parquet(rng, rows, changed=name == chosen)
        for name, rows in tables.items()
    }


def _parquet(rng: Random, rows: Rows, *, changed: bool) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    width = len(rows[0]) if rows else 0
    columns = [pa.array([_storable(row[place]) if place < len(row) else None for row in rows[1:]],
                        pa.string()) for place in range(width)]  # fmt: skip
    names = [_storable(one) or "" for one in rows[0]] if rows else []
    if changed and columns:
        for _ in range(rng.choice((1, 1, 2, 4))):
            place = rng.randrange(len(columns))
            columns[place] = _odd_array(rng, columns[place])
    table = pa.table(columns, names=names)
    if changed and rng.random() < 0.2:
        table = table.replace_schema_metadata({b"pandas": _odd_metadata(rng, names)})
    stream = io.BytesIO()
    options: dict[str, Any] = {"compression": rng.choice(("none", "snappy", "zstd", "gzip"))}
    options["use_dictionary"] = rng.random() < 0.5
    options["store_schema"] = rng.random() < 0.8
    try:
        parquet.write_table(table, stream, **options)
    except pa.ArrowException:
        stream = io.BytesIO()
        parquet.write_table(pa.table({"study_id": ["a"]}), stream)
    data = stream.getvalue()
    return mutate.raw(rng, data) if changed and rng.random() < 0.5 else data


def _storable(text: str) -> str | None:
    return text.encode("utf-8", "replace").decode("utf-8") or None


def _odd_array(rng: Random, old: Any) -> Any:
    import pyarrow as pa

    n = len(old)
    day = datetime.datetime(2020, 1, 2, 3)
    kinds: tuple[tuple[Any, Any], ...] = (
        (pa.int64(), 2), (pa.uint64(), 2**64 - 1), (pa.float16(), np.float16(1)),
        (pa.float64(), float("nan")), (pa.bool_(), True), (pa.binary(), b"\xff\x00"),
        (pa.decimal128(20, 2), decimal.Decimal("1.50")), (pa.timestamp("ns"), day),
        (pa.timestamp("us", "Europe/Paris"), day), (pa.date32(), day.date()),
        (pa.time64("us"), day.time()), (pa.duration("s"), datetime.timedelta(1)),
        (pa.list_(pa.string()), ["a", "b"]), (pa.list_(pa.int64()), [1, None]),
        (pa.struct([("a", pa.int64()), ("b", pa.string())]), {"a": 1, "b": None}),
        (pa.map_(pa.string(), pa.int64()), [("a", 1)]), (pa.null(), None),
        (pa.list_(pa.list_(pa.float64())), [[1.0], []]), (pa.large_string(), "x" * 50),
        (pa.dictionary(pa.int32(), pa.string()), "randomised_trial"),
        (pa.dictionary(pa.int8(), pa.int64()), 5), (pa.binary(3), b"abc"),
        (pa.timestamp("s"), datetime.datetime(9999, 12, 31)), (pa.date64(), day.date()),
        (pa.timestamp("us"), datetime.datetime(1, 1, 1)), (pa.string(), "y" * 100_000),
    )  # fmt: skip
    kind, value = rng.choice(kinds)
    try:
        return pa.array([value if rng.random() < 0.8 else None for _ in range(n)], kind)
    except (pa.ArrowException, TypeError, ValueError):
        return old


def _odd_metadata(rng: Random, names: list[str]) -> bytes:
    """Give what pandas writes beside a table, damaged."""
    name = rng.choice(names or ["x"]).encode("utf-8", "replace").replace(b'"', b"")
    long = b'[{"kind":"range","start":0,"stop":9999999999,"step":1,"name":null}]'
    index = rng.choice((b'["study_id"]', b"[]", b'["no"]', b"3", long, b'[{"kind":"x"}]'))
    kind = rng.choice((b"categorical", b"datetimetz", b"object", b"int64", b"bytes", b"x"))
    labels = rng.choice((b"[]", b"[{}]", b"1"))
    return b"".join((
        *(b'{"index_columns":', index, b',"column_indexes":', labels, b',"columns":[{"name":"'),
        *(name, b'","field_name":"study_id","pandas_type":"', kind, b'","numpy_type":"', kind),
        b'","metadata":null}],"pandas_version":"2.0"}',
    ))  # fmt: skip


def read_parquet(case: Any, folder: Path, rng: Random) -> str:
    """Load the folder."""
    lay_out(case, folder)
    return read_review(folder, rng)


def make_pair(rng: Random) -> dict[str, Any]:
    """Make two extractions: two frames that differ."""
    rows = rng.choice(list(small_review().values()))
    again = [list(row) for row in rows]
    mutated = {"a": again}
    mutated_tables(rng, mutated, ["a"])
    key = rng.choice(
        (rows[0][0], rows[0][0], [rows[0][0]], rows[0][1], None, "no", [], 3, ["a", 1])
    )
    return {"a": frame_of(rng, rows), "b": changed_frame(rng, again), "key": key}


def read_pair(case: Any, folder: Path, rng: Random) -> str:
    """Compare the extractions."""

    def compare() -> None:
        found = pe.compare_extractions(case["a"], case["b"], case["key"])
        found.summary()
        found.to_adjudicate_csv()

    return refused_or(compare)


def make_states(rng: Random) -> dict[str, bytes]:
    """Make two states of a review."""
    files = {}
    for state in ("old", "new"):
        tables = small_review()
        if state == "new" or rng.random() < 0.2:
            mutated_tables(rng, tables, list(tables))
        for name, rows in tables.items():
            files[f"{state}/{name}.csv"] = csv_bytes(rng, rows) if state == "new" else written(rows)
    return files


def read_states(case: Any, folder: Path, rng: Random) -> str:
    """Say what changed from the one to the other."""
    lay_out(case, folder)
    return refused_or(lambda: pe.diff(folder / "old", folder / "new").summary().encode("utf-8"))


TARGETS = (
    Target("frames", make_frames, read_frames),
    Target("parquet", make_parquet, read_parquet),
    Target("compare", make_pair, read_pair),
    Target("diff", make_states, read_states),
)

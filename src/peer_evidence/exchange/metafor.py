"""Effects for R's metafor, with a script that pools them and compares the results."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from peer_evidence.errors import InputError
from peer_evidence.exchange.targets import free_folder
from peer_evidence.report.folder import written_whole
from peer_evidence.spreadsheet import to_csv

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis

DATA, SCRIPT = "effects.csv", "reproduce.R"
_TESTS = {"wald": "z", "hksj": "knha", "hksj-adhoc": "adhoc", "t": "t"}
_NOT_ON_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # R refuses them as they are, from 4.2 on
_SHOWN = ("estimate", "se", "ci_low", "ci_high", "tau2", "i2", "q")
_OPENING = """# Pools the effects of {data} with metafor and compares with peer_evidence {version}.
# Run it in the folder that holds the file: Rscript {script}
# tau2 is solved here to a finer threshold than metafor's own, which stops at 1e-5.
library(metafor)

d <- read.csv("{data}", encoding = "UTF-8", na.strings = character(0),
  colClasses = c(name = "character", label = "character"))
compare <- function(name, m, expected) {{
  # of several coefficients the first is compared
  found <- c(m$beta[1], m$se[1], m$ci.lb[1], m$ci.ub[1], m$tau2, m$I2, m$QE)
  cat("\\n", name, "\\n", sep = "")
  print(cbind(expected = expected, metafor = found, difference = found - expected), digits = 8)
}}
"""


def export_metafor(pools: Any, folder: str | Path) -> Path:
    """Write effects and variances for R's metafor, and a script that reproduces the results.

    Parameters
    ----------
    pools : MetaAnalysis, Pools or mapping of str to MetaAnalysis
        What was pooled; :func:`peer_evidence.meta_analysis`, :func:`peer_evidence.pools`.
    folder : str or Path
        A folder that is not there or is empty.

    Returns
    -------
    Path
        The folder. ``effects.csv`` has the columns pool (its number), name, label, yi, vi (wi
        where weights were given, x1, x2, ... where there are moderators); ``reproduce.R`` holds a
        call of ``rma`` for each pool, with its estimator and test, and the numbers that it should
        give.

    Raises
    ------
    InputError
        Nothing to export, or the folder is taken.

    Notes
    -----
    ``ci`` becomes metafor's ``test``: wald "z", hksj "knha", hksj-adhoc "adhoc", t "t"
    (Viechtbauer 2010, doi 10.18637/jss.v036.i03). Numbers are written so that they read as the
    same doubles. Names and labels stand on one line, as R ends a row at a lone carriage return
    even between quotes; the script tells pools apart by their numbers. It was run under R 4.2.2
    with metafor 3.8-1.

    Examples
    --------
    >>> import tempfile
    >>> import peer_evidence as pe
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     folder = pe.export_metafor(pe.pools(pe.load()), f"{somewhere}/for_r")
    ...     sorted(path.name for path in folder.iterdir())
    ['effects.csv', 'reproduce.R']
    """
    models = _models(pools)
    target = free_folder(folder)
    data, script = _data(models), _script(models)
    with written_whole(target) as part:
        (part / DATA).write_text(to_csv(data), encoding="utf-8", newline="")
        (part / SCRIPT).write_text(script, encoding="utf-8", newline="")
    return target


def _models(pools: Any) -> dict[str, MetaAnalysis]:
    if hasattr(pools, "studies") and hasattr(pools, "tau2"):
        return {"all": pools}
    groups = getattr(pools, "groups", pools)
    sound = isinstance(groups, Mapping) and all(
        hasattr(m, "studies") and hasattr(m, "tau2") for m in groups.values()
    )
    if not sound:
        raise InputError(
            f"pools: found {type(pools).__name__}, allowed are the results of meta_analysis and "
            "pools, or a mapping from a name to a meta-analysis"
        )
    if not groups:
        raise InputError("pools: there is no pool, so nothing to export")
    return {str(name): m for name, m in groups.items()}


def _data(models: Mapping[str, MetaAnalysis]) -> pd.DataFrame:
    frames = []
    for number, (name, m) in enumerate(models.items(), start=1):
        held = m.studies
        frame = pd.DataFrame(
            {
                **{"pool": number, "name": _one_line(name)},
                "label": [_one_line(str(label)) for label in held.labels],
                **{"yi": held.effects, "vi": held.variances},
            }
        )
        if held.weights is not None:
            frame["wi"] = held.weights
        if _has_moderators(m):
            for place, column in enumerate(np.asarray(m.regression.matrix).T, start=1):
                frame[f"x{place}"] = column
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _has_moderators(m: MetaAnalysis) -> bool:
    return m.regression.design is not None


def _script(models: Mapping[str, MetaAnalysis]) -> str:
    from peer_evidence import __version__

    parts = [_OPENING.format(data=DATA, script=SCRIPT, version=__version__)]
    parts += [_call(place, name, m) for place, (name, m) in enumerate(models.items(), start=1)]
    return "\n".join(parts)


def _call(place: int, name: str, m: MetaAnalysis) -> str:
    """Write the call for one pool, with what it should give."""
    given = [f'method = "{m.method}"', f'test = "{_TESTS[m.ci]}"', f"level = {100 * m.level:.10g}"]
    if m.studies.weights is not None:
        given.insert(0, "weights = wi")
    if _has_moderators(m):
        columns = ", ".join(f"x{one}" for one in range(1, len(m.regression.names) + 1))
        given[:0] = [f"mods = cbind({columns})", "intercept = FALSE"]
    if m.method in {"REML", "ML", "EB", "PM"}:
        given.append("control = list(threshold = 1e-10, tol = 1e-10, maxiter = 10000)")
    expected = {field: getattr(m, field) for field in _SHOWN}
    lines = [f"# {_comment(name)}: {m.k} studies"]
    if _has_moderators(m):
        named = [f"x{one} is {_comment(own)}" for one, own in enumerate(m.regression.names, 1)]
        lines.append(f"# {'; '.join(named)}")
    lines += [f"# {field} {value:.10g}" for field, value in expected.items()]
    lines += [
        f"one <- d[d$pool == {place}, ]",
        f"m{place} <- rma(yi, vi, data = one, {', '.join(given)})",
        f"compare({_quoted(name)}, m{place}, c(",
        ",\n".join(f"  {field} = {_number(value)}" for field, value in expected.items()),
        "))",
    ]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """Write a number so that R reads the same double."""
    return "NA" if np.isnan(value) else repr(float(value)) if np.isfinite(value) else "Inf"


def _quoted(text: str) -> str:
    r"""Write a text as one of R, on one line: quotes and backslashes escaped.

    Examples
    --------
    >>> _quoted('say "a\\b"')
    '"say \\"a\\\\b\\""'
    """
    written = json.dumps(_one_line(text), ensure_ascii=False)
    return _TURNS.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _comment(text: str) -> str:
    return _TURNS.sub("", _one_line(text))


def _one_line(text: str) -> str:
    r"""Put a text on one line, without what no line of a script or of a table may hold.

    Examples
    --------
    >>> _one_line("Hope\r\nquit()" + chr(0))
    'Hope quit()'
    """
    return " ".join(_NOT_ON_A_LINE.sub(" ", text).split())

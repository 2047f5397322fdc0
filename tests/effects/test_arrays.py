"""What all kernels share: no pandas, broadcasting, missing values, refusing the impossible."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

from peer_evidence import effects as es
from peer_evidence.effects.arrays import corrected_cells
from peer_evidence.errors import InputError

TABLE = {"events1": 4, "n1": 123, "events2": 11, "n2": 139}
MEANS = {"mean1": 5.0, "sd1": 1.5, "n1": 20, "mean2": 6.0, "sd2": 2.0, "n2": 30}
RATES = {"events1": 9, "time1": 413.0, "events2": 19, "time2": 398.0}
CHANGE = {"mean_post": 24.0, "mean_pre": 20.0, "sd_post": 4.0, "sd_pre": 3.0, "n": 26, "r": 0.5}
KERNELS = {
    **dict.fromkeys(
        (
            es.log_odds_ratio,
            es.log_risk_ratio,
            es.risk_difference,
            es.arcsine_difference,
            es.peto_log_odds_ratio,
            es.phi,
            es.yule_q,
            es.yule_y,
            es.probit_difference,
        ),
        TABLE,
    ),
    **dict.fromkeys(
        (
            es.mean_difference,
            es.hedges_g,
            es.smd_unequal_variances,
            es.glass_delta,
            es.log_ratio_of_means,
            es.log_cv_ratio,
            es.point_biserial,
            es.biserial,
        ),
        MEANS,
    ),
    es.log_variability_ratio: {key: MEANS[key] for key in ("sd1", "n1", "sd2", "n2")},
    **dict.fromkeys((es.log_rate_ratio, es.rate_difference, es.sqrt_rate_difference), RATES),
    **dict.fromkeys((es.mean_change, es.smd_change_score), CHANGE),
    es.smd_raw_score: {key: value for key, value in CHANGE.items() if key != "sd_post"},
    **{
        key: {"events": 9, "time": 413.0}
        for key in (es.rate, es.log_rate, es.sqrt_rate, es.freeman_tukey_rate)
    },
    **{
        key: {"events": 5, "n": 20}
        for key in (
            es.proportion,
            es.log_proportion,
            es.logit_proportion,
            es.arcsine_proportion,
            es.freeman_tukey,
        )
    },
    es.single_mean: {"mean": 50.0, "sd": 10.0, "n": 25},
    **{key: {"r": 0.5, "n": 26} for key in (es.correlation, es.unbiased_correlation, es.fisher_z)},
    es.partial_correlation: {"t": 3.0, "n": 20, "predictors": 3},
}
each_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__)


def test_importing_the_kernels_loads_neither_pandas_nor_matplotlib() -> None:
    code = (
        "import sys\n"
        "sys.modules['pandas'] = sys.modules['matplotlib'] = None  # an import of them now fails\n"
        "import peer_evidence.effects as es\n"
        "effect, variance = es.hedges_g(mean1=1, sd1=1, n1=10, mean2=0, sd2=1, n2=10)\n"
        "assert 0.9 < effect < 1, effect\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_all_public_names_are_there_and_sorted() -> None:
    assert list(es.__all__) == sorted(es.__all__)
    assert all(getattr(es, name).__doc__ for name in es.__all__)


@each_kernel
def test_every_parameter_of_a_kernel_is_named(kernel) -> None:
    kinds = {parameter.kind for parameter in inspect.signature(kernel).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


@each_kernel
def test_scalars_arrays_and_batches_agree(kernel) -> None:
    inputs = KERNELS[kernel]
    alone = kernel(**inputs)
    assert np.isfinite(alone).all()
    assert np.shape(alone[0]) == ()
    first, *others = inputs
    # one input as a (2, 3) batch, the others broadcast
    spread = kernel(**{first: np.full((2, 3), inputs[first])}, **{k: inputs[k] for k in others})
    for ours, one in zip(spread, alone, strict=True):
        assert ours.shape == (2, 3)
        assert ours.dtype == np.float64
        np.testing.assert_array_equal(ours, np.full((2, 3), one))


@each_kernel
def test_a_missing_input_makes_both_missing_and_touches_no_neighbour(kernel) -> None:
    inputs = KERNELS[kernel]
    alone = kernel(**inputs)
    for name in inputs:
        values = {key: np.full(3, float(value)) for key, value in inputs.items()}
        values[name][1] = np.nan
        effect, variance = kernel(**values)
        assert np.isnan([effect[1], variance[1]]).all(), name
        np.testing.assert_array_equal(effect[[0, 2]], alone[0])
        np.testing.assert_array_equal(variance[[0, 2]], alone[1])


@each_kernel
def test_an_infinite_input_is_refused(kernel) -> None:
    inputs = KERNELS[kernel]
    for name in inputs:
        with pytest.raises(InputError, match=rf"^{name}: found inf"):
            kernel(**{**inputs, name: np.inf})


@each_kernel
def test_an_empty_analysis_gives_empty_arrays(kernel) -> None:
    effect, variance = kernel(**{name: np.array([]) for name in KERNELS[kernel]})
    assert effect.shape == variance.shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: es.log_odds_ratio(events1=[1, 12], n1=10, events2=2, n2=10),
            "events1: found 12 with n1 10, allowed is at most n1",
        ),
        (
            lambda: es.log_odds_ratio(events1=-1, n1=10, events2=2, n2=10),
            "events1: found -1, allowed is a finite number of at least 0",
        ),
        (
            lambda: es.hedges_g(**{**MEANS, "sd1": [1.0, 0.0, -2.0]}),
            "sd1: found 0 at position 1 (and 1 more), allowed is a finite number above 0",
        ),
        (
            lambda: es.fisher_z(r=[[0.1, 0.2], [0.3, 1.2]], n=20),
            "r: found 1.2 at position (1, 1), allowed is a number from -1 to 1",
        ),
        (
            lambda: es.fisher_z(r="high", n=20),
            "r: found 'high', allowed are numbers",
        ),
        (
            lambda: es.fisher_z(r=[0.1, 0.2], n=[20, 30, 40]),
            "the inputs do not fit together: found the shapes r (2,), n (3,), "
            "allowed are equal shapes or scalars",
        ),
        (
            lambda: es.log_odds_ratio(**TABLE, to="only0"),
            "to: found 'only0', allowed are 'only-zero', 'all', 'if-any', 'none'",
        ),
        (
            lambda: es.log_odds_ratio(**TABLE, add=-0.5),
            "add: found -0.5, allowed is a finite number of at least 0",
        ),
        (
            lambda: es.hedges_g(**MEANS, vtype="LS3"),
            "vtype: found 'LS3', allowed are 'LS', 'LS2', 'UB', 'RevMan', 'AV'; did you mean 'LS'?",
        ),
        (
            lambda: es.log_rate_ratio(**{**RATES, "time1": 0}),
            "time1: found 0, allowed is a finite number above 0",
        ),
    ],
)
def test_impossible_inputs_are_refused_in_whole_sentences(call, message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


def test_the_rule_for_zero_cells_by_hand() -> None:
    cells = [np.array([[0.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])]
    half = np.array([[0.5, 0.0], [0.0, 0.0]])
    rows = np.array([[0.5, 0.5], [0.0, 0.0]])
    for to, added in {"only-zero": half, "if-any": rows, "all": 0.5, "none": 0.0}.items():
        after = corrected_cells(cells, 0.5, to)
        for new, old in zip(after, cells, strict=True):
            np.testing.assert_array_equal(new - old, np.zeros((2, 2)) + added)

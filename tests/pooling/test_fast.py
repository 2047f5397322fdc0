"""The compiled kernel equals the NumPy one."""

import numpy as np
import pytest

from peer_evidence.errors import InputError
from peer_evidence.pooling import batch, fast, many

needs_numba = pytest.mark.skipif(
    not fast.COMPILED, reason="numba, the extra 'fast', is not installed"
)


def simulated(count):
    rng = np.random.default_rng(11)
    v = np.clip(0.25 * rng.chisquare(1, (count, 10)), 0.009, 0.6)
    y = 0.5 + rng.normal(size=v.shape) * np.sqrt(v + rng.choice([0, 0.05, 0.3], (count, 1)))
    gone = rng.random(v.shape) < 0.3
    gone[:, :2] = False
    y[gone] = v[gone] = np.nan
    return y, v


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "DL"])
def test_its_loops_equal_numpy_compiled_or_not(method):
    y, v = simulated(60)
    y = np.vstack([y, [[0.2, *[np.nan] * 9], [0.3] * 10]])
    v = np.vstack([v, [[0.1, *[np.nan] * 9], [0.1] * 10]])
    for one, two in zip(batch.fit_many(y, v, method), fast.fit_many(y, v, method), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-12, atol=1e-13)


@needs_numba
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("method", ["REML", "ML", "PM", "EB", "DL"])
@pytest.mark.parametrize("ci", ["wald", "hksj"])
def test_compiled_equals_numpy_to_twelve_digits(method, ci):
    y, v = simulated(20_000)
    one = many.pool_many(y, v, method, ci=ci)
    two = many.pool_many(y, v, method, ci=ci, engine="numba")
    assert two.converged.all()
    # tau2 and I2 can be 0: relative to the typical variance, and to 100 per cent
    for name, scale in (
        *(
            ("estimate", one.se),
            ("se", 0.0),
            ("q", 0.0),
            ("h2", 0.0),
            ("tau2", 0.05),
            ("i2", 100.0),
        ),
        *(("ci_low", one.se), ("pi_high", one.se), ("statistic", 1.0)),
    ):
        a, b = getattr(one, name), getattr(two, name)
        assert (np.abs(a - b) / np.maximum(np.abs(a), scale)).max() < 1e-12, name


@pytest.mark.skipif(fast.COMPILED, reason="numba is installed")
def test_without_numba_the_message_says_how_to_get_it():
    with pytest.raises(InputError) as caught:
        many.pool_many([[0.1, 0.2]], [[0.1, 0.1]], engine="numba")
    assert str(caught.value) == (
        "engine: found 'numba', but numba is not installed; "
        "install the extra with pip install 'peer-evidence[fast]', or use engine='numpy'"
    )

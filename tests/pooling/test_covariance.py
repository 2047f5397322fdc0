"""The assumed covariance of effects of one cluster: its entries, its checks."""

import re

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError


@pytest.fixture
def data():
    return pd.DataFrame(
        {
            "study": ["a", "b", "a", "a", "b"],
            "kind": ["x", "x", "y", "x", "x"],
            "time": [0.0, 1.0, 0.0, 2.0, 1.5],
            "variance": [0.04, 0.09, 0.16, 0.25, 0.01],
        }
    )


def test_one_correlation_within_clusters(data):
    v = pe.covariance(data, cluster="study", rho=0.5)
    sd = np.sqrt(data["variance"].to_numpy())
    same = (data["study"].to_numpy()[:, None] == data["study"].to_numpy()).astype(float)
    expected = 0.5 * same * np.outer(sd, sd)
    np.fill_diagonal(expected, data["variance"])
    assert np.allclose(v.matrix, expected, rtol=1e-14)
    assert v.to_frame().shape == (5, 5)
    assert v.summary() == (
        "Covariance of 5 effects in 2 clusters, 4 pairs correlated, correlations from 0.50 to 0.50."
    )


def test_kinds_and_times_have_correlations_of_their_own(data):
    v = pe.covariance(
        *(data,), cluster="study", rho=0.9, kind="kind", rho_between=0.4, time="time", phi=0.8
    )
    r = v.matrix / np.sqrt(np.outer(data["variance"], data["variance"]))
    assert r[0, 2] == pytest.approx(0.4)
    assert r[0, 3] == pytest.approx(0.9 * 0.8**2)
    assert r[2, 3] == pytest.approx(0.4 * 0.8**2)
    assert r[1, 4] == pytest.approx(0.9 * 0.8**0.5)
    assert r[0, 1] == 0


def test_no_correlation_is_a_diagonal(data):
    v = pe.covariance(data, cluster="study", rho=0)
    assert np.array_equal(v.matrix, np.diag(data["variance"]))
    assert v.summary() == "Covariance of 5 effects in 2 clusters, 0 pairs correlated."


def test_a_matrix_that_is_not_positive_definite_names_its_cluster(data):
    text = (
        "covariance: the matrix of cluster 'a' is not positive definite (smallest eigenvalue "
        "-0.4 on the scale of correlations); the assumed correlations contradict one another or "
        "are 1, use smaller ones"
    )
    with pytest.raises(InputError, match="^" + re.escape(text) + "$"):
        pe.covariance(data, cluster="study", rho=-0.7)
    with pytest.raises(InputError, match=r"^covariance: the matrix of cluster 'a' is not"):
        pe.covariance(data, cluster="study", rho=1)
    repeated = data.assign(study=["a", "b", "c", "a", "b"])
    assert len(pe.covariance(repeated, cluster="study", rho=1, time="time", phi=0.5)) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rho": 1.2}, "rho: found 1.2, allowed is a number from -1 to 1"),
        ({"rho": "high"}, "rho: found 'high', allowed is a number from -1 to 1"),
        (
            {"rho": 0.5, "kind": "kind"},
            "rho_between: kind and rho_between belong together, give both or neither",
        ),
        (
            {"rho": 0.5, "time": "time"},
            "phi: time and phi belong together, give both or neither",
        ),
        (
            {"rho": 0.5, "time": "time", "phi": -0.1},
            "phi: found -0.1, allowed is a number from 0 to 1",
        ),
        (
            {"rho": 0.5, "variance": "v"},
            "data: no column 'v'; it has study, kind, time, variance",
        ),
    ],
)
def test_what_is_refused(data, options, message):
    with pytest.raises(InputError, match="^" + re.escape(message) + "$"):
        pe.covariance(data, cluster="study", **options)


def test_rows_that_cannot_be_used_are_named(data):
    text = r"^variance: found row 1: nan, allowed is a positive number$"
    with pytest.raises(InputError, match=text):
        pe.covariance(data.assign(variance=[0.1, np.nan, 0.1, 0.1, 0.1]), cluster="study", rho=0.5)
    with pytest.raises(InputError, match=r"^study: found a missing value in row 2, allowed is a "):
        pe.covariance(data.assign(study=["a", "b", None, "a", "b"]), cluster="study", rho=0.5)
    gone = data.assign(time=[np.nan, 1, 1, 1, 1])
    with pytest.raises(InputError, match=r"^time: found a missing or infinite time in row 0, "):
        pe.covariance(gone, cluster="study", rho=0.5, time="time", phi=0.5)


def test_a_matrix_must_be_symmetric(data):
    full = np.diag(data["variance"])
    full[0, 1] = 0.01
    with pytest.raises(InputError, match=r"^covariance: found a matrix that is not symmetric"):
        pe.multilevel(data.assign(effect=0.1), levels="study", covariance=full)


def test_a_plain_matrix_without_numbers_and_a_list_are_refused(data):
    full = np.diag(data["variance"])
    full[0, 2] = full[2, 0] = np.nan
    with pytest.raises(InputError, match=r"^covariance: found a missing or infinite covariance, "):
        pe.multilevel(data.assign(effect=0.1), levels="study", covariance=full)
    with pytest.raises(InputError, match=r"^data: found list, allowed is a pandas DataFrame$"):
        pe.covariance([1, 2], cluster="study", rho=0.5)

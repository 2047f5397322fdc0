"""Effects and what is put beside them: a Series goes by its index; repeated studies are named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import DataWarning, DependenceWarning


def made() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    study = np.repeat(np.arange(20), 3)
    own = rng.normal(0.0, 0.3, 20)
    return pd.DataFrame(
        {
            "study": [f"s{one}" for one in study],
            "effect": 0.3 + own[study] + rng.normal(0.0, 0.2, 60),
            "variance": rng.uniform(0.02, 0.08, 60),
            "n": rng.integers(20, 200, 60),
        }
    )


def test_a_shuffled_series_of_clusters_is_put_in_order_by_its_index():
    data = made()
    m = pe.meta_analysis(data)
    right = pe.robust(m, cluster=data["study"])
    shuffled = data.sample(frac=1, random_state=1)["study"]
    found = pe.robust(m, cluster=shuffled)
    assert (found.se, found.df) == (right.se, right.df)
    # the same values by position, which is what .to_numpy() insists on, are other clusters
    assert pe.robust(m, cluster=shuffled.to_numpy()).se < 0.8 * right.se
    nested = pe.multilevel(data.assign(row=range(60)), levels=["study", "row"])
    assert pe.robust(nested, cluster=shuffled).se == pe.robust(nested, cluster="study").se


def test_weights_and_numbers_of_people_go_by_their_index_too():
    data = made()
    shuffled = data.sample(frac=1, random_state=2)
    own, other = (pe.meta_analysis(data, weights=one["n"]) for one in (data, shuffled))
    assert own.estimate == other.estimate
    plain = pe.meta_analysis(data[["effect", "variance"]])
    first, second = (pe.egger(plain, predictor="n", n=one["n"]) for one in (data, shuffled))
    assert first.slope == second.slope


def test_rows_that_were_left_out_may_be_in_the_series():
    data = made().assign(effect_note="")
    data.loc[[3, 30], ["effect", "effect_note"]] = [np.nan, "no numbers"]
    m = pe.meta_analysis(data)
    short = data.loc[data["effect"].notna(), "study"]
    assert pe.robust(m, cluster=data["study"]).se == pe.robust(m, cluster=short).se
    with pytest.raises(pe.InputError) as caught:
        pe.robust(m, cluster=data["study"].tolist())
    assert str(caught.value) == (
        "cluster: found 60 values, allowed is one for each of the 58 effects in the analysis; "
        "2 rows without an effect are not in it: give the column as a Series, data['study'], or "
        "data.loc[data['effect'].notna(), 'study']"
    )


TAIL = (
    ", so its values cannot be put beside the effects; give a column of that table, or "
    ".to_numpy() with the values in the order of the effects"
)
HEAD = "cluster: the index of the Series is not that of the table that was pooled "


def test_a_series_of_another_table_is_refused():
    data = made()
    m = pe.meta_analysis(data.iloc[5:])
    with pytest.raises(pe.InputError) as caught:
        pe.robust(m, cluster=data["study"].iloc[5:].reset_index(drop=True))
    assert str(caught.value) == HEAD + "(it lacks row 55)" + TAIL
    twice = data.set_index(np.repeat(np.arange(30), 2))
    with pytest.raises(pe.InputError) as caught:
        pe.robust(pe.meta_analysis(twice), cluster=twice["study"].iloc[::-1])
    assert str(caught.value) == HEAD + "(labels of rows occur more than once)" + TAIL
    assert pe.robust(pe.meta_analysis(twice), cluster=twice["study"]).clusters == 20


def test_repeated_studies_are_pointed_out():
    data = made().rename(columns={"study": "study_id"})
    with pytest.warns(DependenceWarning) as caught:
        m = pe.meta_analysis(data)
    assert [str(one.message) for one in caught] == [
        "data: 60 effects of 20 studies (column study_id) are pooled as if independent, so "
        "intervals are likely too narrow; see dependence(), multilevel() and robust(), or keep "
        "one effect a study"
    ]
    assert m.headline().endswith(
        ", 60 effects of 20 studies, taken as independent (see dependence)."
    )
    once = pe.meta_analysis(data.drop_duplicates("study_id"))
    assert once.headline().endswith(", 20 studies.")
    # where the question is asked, the answer does not warn
    assert pe.dependence(data, cluster="study_id", rho=[0.5]).clusters == 20
    with pytest.warns(DependenceWarning) as caught:
        pe.subgroups(data.assign(half=np.repeat(["a", "b"], 30)), by="half", tau2="common")
    assert len(caught) == 1


@pytest.mark.filterwarnings("ignore::peer_evidence.errors.FewStudiesWarning")
def test_levels_the_wrong_way_round_are_pointed_out():
    data = made().assign(kind=list("abc") * 20, result=[1, 2, 3] * 20)
    with pytest.warns(DataWarning) as caught:
        pe.multilevel(data, levels=["kind", "study"])
    shared = [str(one.message) for one in caught if one.category is DataWarning]
    assert shared == [
        "levels: 20 of 20 groups of 'study', such as 's0', stand in several groups of 'kind' and "
        "are taken as different groups there; where they are the same, put 'study' before 'kind'"
    ]
    # the right way round, and numbers that begin anew in each study, are no cause for a word
    assert pe.multilevel(data, levels=["study", "kind"]).groups == (20, 60)
    assert pe.multilevel(data, levels=["study", "result"]).groups == (20, 60)
    long = data.assign(half=np.repeat(list("abcdef"), 10), place=list(range(1, 11)) * 6)
    assert pe.multilevel(long, levels=["half", "place"]).groups == (6, 60)

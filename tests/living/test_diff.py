"""What changed between two states of a review: rows, cells, results and why."""

import json
import random

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.cli import main
from peer_evidence.living.rows import find_changes


def kinds(found, kind):
    part = found.consequences
    return part[part["kind"] == kind].set_index("name")


def test_the_same_records_twice(ev):
    found = pe.diff(ev, ev)
    assert str(found) == "Nothing changed."
    assert not found.changed
    assert found.rows.empty
    assert found.cells.empty
    assert found.consequences.empty


def test_the_order_of_rows_and_columns_and_the_way_to_write_a_number(small, states):
    old, write = states
    new = small.copy()
    shuffle = random.Random(1).shuffle
    for table, rows in new.tables.items():
        shuffle(rows)
        names = list(rows[0])
        shuffle(names)
        new.tables[table] = [{name: row[name] for name in names} for row in rows]
    new.row("outcomes")["mean_comparison"] = "10.00"
    new.row("outcomes")["n_comparison"] = "50"
    assert str(pe.diff(old, write(new))) == "Nothing changed."


def test_a_study_that_came(small, states):
    old, write = states
    found = pe.diff(old, write(small.copy().add_trial(mean_intervention="14")))
    assert found.rows.to_dict("records") == [
        {"table": "studies", "key": "trial_d", "change": "added", "columns": ""},
        {"table": "outcomes", "key": "trial_d.fever", "change": "added", "columns": ""},
    ]
    before, after = (pe.pools(pe.load(old.parent / name)) for name in ("old", "new"))
    was, now = (one["fever", "up to 4 months"] for one in (before, after))
    sentence = kinds(found, "pool")["sentence"].item()
    assert sentence == (
        f"Fever, up to 4 months: pooled SMD {was.estimate:.2f} ({was.ci_low:.2f} to "
        f"{was.ci_high:.2f}, 3 studies) became {now.estimate:.2f} ({now.ci_low:.2f} to "
        f"{now.ci_high:.2f}, 4 studies), because of rows added: trial_d.fever of outcomes."
    )
    counted = kinds(found, "tally")["sentence"]
    assert counted["Fever, results by what their source concludes"] == (
        "Fever, results by what their source concludes: benefit 3, studies 3, results 3 became "
        "benefit 4, studies 4, results 4, because of rows added: trial_d.fever of outcomes."
    )
    assert counted["Fever, studies by the direction of their estimates"].startswith(
        "Fever, studies by the direction of their estimates: favours intervention 3, studies 3 "
        "became favours intervention 4, studies 4, because of rows added: trial_d.fever"
    )
    first = found.summary().splitlines()[0]
    assert first == f"2 rows differ: 2 added; {len(found.consequences)} results changed"


def test_a_number_that_was_corrected(small, states):
    old, write = states
    new = small.copy()
    new.row("outcomes", 1).update(mean_intervention="13", note="corrected by the authors")
    found = pe.diff(old, write(new))
    assert found.rows.to_dict("records") == [
        {
            "table": "outcomes",
            "key": "trial_b.fever",
            "change": "changed",
            "columns": "mean_intervention; note",
        }
    ]
    assert found.cells[["column", "old", "new"]].to_numpy().tolist() == [
        ["mean_intervention", "12", "13"],
        ["note", "", "corrected by the authors"],
    ]
    assert list(kinds(found, "tally").index) == []
    assert kinds(found, "pool")["because"].item() == (
        "rows changed: trial_b.fever of outcomes (mean_intervention, note)"
    )
    assert (
        "  changed trial_b.fever: mean_intervention '12' became '13'; note nothing became "
        "'corrected by the authors'"
    ) in found.summary().splitlines()


def test_a_note_changes_no_result(small, states):
    old, write = states
    new = small.copy()
    new.row("outcomes")["note"] = "read again"
    found = pe.diff(old, write(new))
    assert found.changed
    assert found.consequences.empty
    assert found.summary().splitlines() == [
        "1 row differs: 1 changed; 0 results changed",
        "outcomes:",
        "  changed trial_a.fever: note nothing became 'read again'",
        "No tally, pool, certainty or claim changed.",
    ]


def test_a_key_that_was_renamed_is_one_removed_and_one_added(small, states):
    old, write = states
    new = small.copy()
    new.row("outcomes", 2)["outcome_id"] = "trial_c.temperature"
    found = pe.diff(old, write(new))
    assert found.rows[["key", "change"]].to_numpy().tolist() == [
        ["trial_c.temperature", "added"],
        ["trial_c.fever", "removed"],
    ]
    assert found.consequences.empty  # the same numbers by another name


def test_a_pool_that_comes_and_one_that_goes(small, states):
    old, write = states
    new = small.copy()
    for place in (0, 1):
        new.row("outcomes", place)["domain"] = "cough"
    found = kinds(pe.diff(old, write(new)), "pool")["sentence"]
    assert found["Cough, up to 4 months"].startswith("Cough, up to 4 months: now pooled SMD 0.50 (")
    assert found["Fever, up to 4 months"].startswith(
        "Fever, up to 4 months: no longer pooled SMD 0.50 ("
    )
    for sentence in found:
        assert sentence.endswith(
            "because of rows changed: trial_a.fever of outcomes (domain), trial_b.fever of "
            "outcomes (domain)."
        )


def test_a_later_result_of_a_study_takes_the_place_of_an_earlier(small, states):
    old, write = states
    new = small.copy()
    later = dict(new.row("outcomes")) | {"outcome_id": "later", "timepoint_months": "4"}
    new.tables["outcomes"].append(later | {"mean_intervention": "15"})
    pool = kinds(pe.diff(old, write(new)), "pool").loc["Fever, up to 4 months"]
    assert pool["because"] == "rows added: later of outcomes"


def test_the_measure_of_all_pools(small, states):
    _, write = states
    counts = {"events_intervention": "10", "events_comparison": "20", "better_is": "lower"}
    for row in small.tables["outcomes"]:
        for name in ("mean", "sd"):
            row |= {f"{name}_intervention": "", f"{name}_comparison": ""}
        row |= counts
    new = small.copy()
    old = small.write(write(new).parent / "old")
    new.row("outcomes").update(
        {"events_intervention": "", "events_comparison": "", "mean_intervention": "9"}
        | {"sd_intervention": "4", "mean_comparison": "10", "sd_comparison": "4"}
    )
    found = kinds(pe.diff(old, write(new)), "pool").loc["Fever, up to 4 months"]
    assert found["old"].startswith("pooled OR ")
    assert found["new"].startswith("pooled SMD ")
    assert found["because"].startswith("the measure that the records now lead to, SMD, and rows ")


def test_certainty_and_the_rows_it_comes_from(small, states):
    old, write = states
    new = small.copy()
    for name in ("trial_a", "trial_b", "trial_c"):
        judged = dict(new.row("risk_of_bias")) | {"study_id": name, "judgement": "high"}
        new.tables["risk_of_bias"].append(judged)
    del new.tables["risk_of_bias"][0]
    new.row("certainty")["certainty"] = "moderate"
    found = pe.diff(old, write(new))
    row = kinds(found, "certainty").loc["Fever, up to 4 months, certainty"]
    assert "suggested for risk of bias" in row["new"]
    assert row["because"].startswith("rows added: trial_b + rob_2 + overall of risk_of_bias, ")
    assert row["because"].endswith(
        "; changed: trial_a + rob_2 + overall of risk_of_bias (judgement)"
    )
    printed = kinds(found, "published rating")["sentence"].item()
    assert printed == (
        "Fever, certainty printed by Our review: low became moderate, because of rows changed: "
        "Fever of certainty (certainty)."
    ).replace("Fever of certainty", "ours + Fever of certainty")


def test_a_claim_whose_verdict_turned(small, states):
    old, write = states
    new = small.copy()
    new.row("inclusions", 2)["status"] = "candidate"
    claim = kinds(pe.diff(old, write(new)), "claim")
    assert claim["sentence"].item() == (
        "Claim ours_k: supported (3 confirmed by name) became not checkable (2 confirmed by "
        "name), because of rows changed: ours + trial_c of inclusions (status)."
    )


def test_a_claim_that_comes_or_goes(small, states):
    old, write = states
    new = small.copy()
    finding = dict(new.row("review_findings")) | {"finding_id": "ours_rct"}
    new.tables["review_findings"].append(finding | {"quantity": "k_randomised"})
    folder = write(new)
    assert kinds(pe.diff(old, folder), "claim")["sentence"].item() == (
        "Claim ours_rct: now supported (3 confirmed by name), because of rows added: ours_rct of "
        "review_findings."
    )
    assert kinds(pe.diff(folder, old), "claim")["sentence"].item() == (
        "Claim ours_rct: no longer stated, because of rows removed: ours_rct of review_findings."
    )


def test_a_claim_of_which_only_the_computation_changed(small, states):
    _, write = states
    small.row("review_findings")["value"] = "5"
    new = small.copy()
    del new.tables["inclusions"][2]
    old = small.write(write(new).parent / "old")
    assert kinds(pe.diff(old, write(new)), "claim")["sentence"].item() == (
        "Claim ours_k, still not checkable: 3 confirmed by name became 2 confirmed by name, "
        "because of rows removed: ours + trial_c of inclusions."
    )


def test_a_claim_that_reads_all_records_says_that_the_rows_are_not_known(small, states):
    _, write = states
    finding = dict(small.row("review_findings")) | {
        "finding_id": "ours_all",
        "quantity": "statement",
        "value": "",
    }
    small.tables["review_findings"].append(finding)
    small.tables["claims"] = [
        {"finding_id": "ours_all", "check": "direction", "arguments": "", "note": ""}
    ]
    new = small.copy().add_trial()
    old = small.write(write(new).parent / "old")
    (sentence,) = kinds(pe.diff(old, write(new)), "claim")["sentence"]
    assert sentence == (
        "Claim ours_all: not checkable (3 of 3 studies favour it) became supported (4 of 4 studies "
        "favour it); from which rows is not known."
    )
    small.tables["claims"][0]["arguments"] = "domain=fever"
    small.write(old)
    new.tables["claims"][0]["arguments"] = "domain=fever"
    (found,) = kinds(pe.diff(old, write(new)), "claim")["because"]
    assert found == "rows added: trial_d.fever of outcomes"


def test_rows_of_a_table_without_a_key_are_their_content(small, states):
    old, write = states
    new = small.copy()
    box = {"box": "database_specific_results", "n": "7", "label": "A"}
    new.tables["flow"] += [box | {"label": "B"}, box]
    found = pe.diff(old, write(new))
    assert found.rows[["key", "change"]].to_numpy().tolist() == [
        ["database_specific_results + 7 + B", "added"],
        ["database_specific_results + 7 + A", "added"],
    ]
    assert found.consequences.empty


def test_a_table_that_only_one_state_has(small, states):
    old, write = states
    new = small.copy()
    new.tables["framework/steps"] = [{"step": "1", "what": "vaccinate"}, {"step": "", "what": "x"}]
    found = pe.diff(old, write(new))
    assert found.rows[["table", "key"]].to_numpy().tolist() == [
        ["framework/steps", "1"],
        ["framework/steps", "x"],
    ]
    assert pe.diff(old.parent / "new", old).counts() == {
        "framework/steps": {"added": 0, "changed": 0, "removed": 2}
    }


def test_records_without_a_pool(small, states):
    _, write = states
    for row in small.tables["outcomes"]:
        row["poolable"] = "no"
    new = small.copy().add_trial(poolable="no")
    old = small.write(write(new).parent / "old")
    found = pe.diff(old, write(new))
    assert set(found.consequences["kind"]) == {"tally"}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gone=st.sets(st.integers(0, 2)),
    changed=st.sets(st.integers(0, 2)),
    came=st.integers(0, 3),
)
def test_every_edit_is_found_and_no_other(small, tmp_path, gone, changed, came):
    old, new = small.copy(), small.copy()
    for place in changed:
        new.row("outcomes", place)["note"] = "changed"
    rows = new.tables["outcomes"]
    new.tables["outcomes"] = [row for place, row in enumerate(rows) if place not in gone]
    for number in range(came):
        new.add_trial(f"trial_{number}")
    new.tables["outcomes"] = new.tables["outcomes"] or [dict(rows[0]) | {"outcome_id": "last"}]
    folders = [one.write(tmp_path / name) for one, name in ((old, "one"), (new, "two"))]
    found = find_changes(*(pe.load(folder) for folder in folders)).row_frame()
    found = found[found["table"] == "outcomes"]
    expected = {(f"trial_{'abc'[place]}.fever", "removed") for place in gone}
    expected |= {(f"trial_{'abc'[place]}.fever", "changed") for place in changed - gone}
    expected |= {(f"trial_{number}.fever", "added") for number in range(came)}
    if gone == {0, 1, 2} and not came:
        expected.add(("last", "added"))
    assert set(found[["key", "change"]].itertuples(index=False, name=None)) == expected


def test_faults_name_their_folder(small, states):
    old, write = states
    new = small.copy()
    new.row("outcomes")["reported_conclusion"] = "benifit"
    folder = write(new)
    with pytest.raises(pe.RecordsError) as caught:
        pe.diff(old, folder)
    (fault,) = caught.value.faults
    assert fault.file == str(folder / "outcomes.csv")
    assert "did you mean 'benefit'?" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "message"),
    [
        (
            "no/such/folder",
            "old: there is nothing of the name 'no/such/folder'; give the folder that holds "
            "studies.csv and outcomes.csv",
        ),
        (
            3,
            "old: found int, allowed is a folder, or the records that peer_evidence.load() gives",
        ),
    ],
)
def test_what_is_no_review(ev, old, message):
    with pytest.raises(pe.InputError) as caught:
        pe.diff(old, ev)
    assert str(caught.value) == message


def test_a_check_that_cannot_be_made_says_of_which_state(small, states):
    old, write = states
    new = small.copy()
    new.tables["claims"] = [
        {"finding_id": "ours_k", "check": "member_count", "arguments": "roel=rct", "note": ""}
    ]
    with pytest.raises(pe.InputError) as caught:
        pe.diff(old, write(new))
    assert str(caught.value).startswith("new: 1 fault in what is to be checked:\n  claims.csv:2: ")


def test_options_of_the_certainty(ev, small, states):
    old, write = states
    new = write(small.copy().add_trial())
    found = pe.diff(old, new, certainty={"important": 0.3})
    assert "certainty" in set(found.consequences["kind"])
    with pytest.raises(pe.InputError, match=r"^importance: no such argument; .* 'important'\?$"):
        pe.diff(ev, ev, certainty={"importance": 0.2})


def test_the_command_and_its_exit_codes(small, states):
    old, write = states
    new = write(small.copy().add_trial())

    def run(*args):
        return CliRunner().invoke(main, ["diff", *map(str, args)], catch_exceptions=False)

    same = run(old, old, "--exit-code")
    assert (same.exit_code, same.output) == (0, "Nothing changed.\n")
    found = run(old, new)
    assert (found.exit_code, found.output) == (0, f"{pe.diff(old, new)}\n")
    assert run(old, new, "--exit-code").exit_code == 1
    told = run(old, new, "--json", "--exit-code")
    assert told.exit_code == 1
    result = json.loads(told.output)
    assert result["changed"] is True
    assert result["tables"] == {
        "studies": {"added": 1, "changed": 0, "removed": 0},
        "outcomes": {"added": 1, "changed": 0, "removed": 0},
    }
    assert {one["kind"] for one in result["consequences"]} >= {"tally", "pool"}
    assert run(old, old.parent / "nowhere", "--exit-code").exit_code == 2
    broken = small.copy()
    broken.row("studies")["design"] = "trail"
    faulty = run(old, write(broken), "--exit-code")
    assert faulty.exit_code == 2
    assert "new/studies.csv:2: design: must be one of " in faulty.stderr


def test_the_result_shows_itself(small, states):
    old, write = states
    found = pe.diff(old, write(small.copy().add_trial()))
    assert isinstance(found, pe.Diff)
    pd.testing.assert_frame_equal(found.to_frame(), found.rows)
    assert '<th scope="row">studies</th>' in found._repr_html_()
    with pytest.raises(AttributeError):
        found.rows = None

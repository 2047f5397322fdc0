"""The tools of risk of bias: what their tables hold, and the overall rules."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.appraisal.overall import overall_by_rule
from peer_evidence.appraisal.tools import risk_of_bias_tool, tool_codes
from peer_evidence.errors import InputError
from peer_evidence.records.words import METHOD_WORDS

ROB_2 = risk_of_bias_tool("rob_2")
ROBINS_I = risk_of_bias_tool("robins_i")
CODES = [domain.code for domain in ROB_2.domains]


def test_the_words_of_the_records_are_those_of_the_tools():
    assert METHOD_WORDS["rob_tool"] == tool_codes()
    held = {one.code for code in tool_codes() for one in risk_of_bias_tool(code).judgements}
    assert set(METHOD_WORDS["judgement"]) == held | {str(stars) for stars in range(10)}


@pytest.mark.parametrize(
    ("code", "heads"),
    [
        ("rob_2", "D1 D2 D3 D4 D5"),  # Sterne 2019, BMJ 366:l4898, box 1
        ("rob_2_cluster", "D1 D1b D2 D3 D4 D5"),
        ("rob_1", "D1 D2 D3 D4 D5 D6 D7"),  # Higgins 2011, BMJ 343:d5928, table 1
        ("robins_i", "D1 D2 D3 D4 D5 D6 D7"),  # Sterne 2016, BMJ 355:i4919, table 1
        ("robins_e", "D1 D2 D3 D4 D5 D6 D7"),
        ("quadas_2", "D1 D2 D3 D4 A1 A2 A3"),  # Whiting 2011, table 1
        ("newcastle_ottawa_cohort", "S1 S2 S3 S4 C O1 O2 O3"),
        ("newcastle_ottawa_case_control", "S1 S2 S3 S4 C E1 E2 E3"),
        ("generic", ""),
    ],
)
def test_each_tool_has_the_domains_of_its_paper(code, heads):
    tool = pe.risk_of_bias_tool(code)
    assert [domain.short for domain in tool.domains] == heads.split()
    ranks = [one.rank for one in tool.judgements if one.rank is not None]
    assert ranks == sorted(ranks)
    assert {one.role for one in tool.judgements} <= {"good", "middling", "bad", "worst", "unknown"}
    assert set().union(*(domain.judgements for domain in tool.domains), ()) <= set(tool.allowed())
    assert list(tool.to_frame()["short"]) == heads.split()
    assert tool.name in tool.summary()


def test_the_stars_of_newcastle_and_ottawa_are_nine_at_most():
    for code in ("newcastle_ottawa_cohort", "nos_case_control"):
        tool = risk_of_bias_tool(code)
        best = {one.code: tool.allowed(one)[0] for one in tool.domains}
        assert overall_by_rule(tool, best) == "9"
        assert overall_by_rule(tool, best | {"comparability": "no_star"}) == "7"
        assert overall_by_rule(tool, best | {"comparability": None}) is None


@pytest.mark.parametrize("name", ["rob2", "RoB 2", "ROB_2", "rob-2", ROB_2])
def test_a_tool_is_found_by_any_spelling(name):
    assert risk_of_bias_tool(name) is ROB_2


def test_an_unknown_tool_is_told_with_the_nearest():
    with pytest.raises(InputError) as raised:
        risk_of_bias_tool("robins")
    listed = ", ".join(repr(code) for code in tool_codes())
    assert str(raised.value) == (
        f"tool: found 'robins', allowed are {listed}, or a Tool of your own; "
        "did you mean 'robins_i'?"
    )
    with pytest.raises(InputError, match=r"^tool: found 3, allowed are "):
        risk_of_bias_tool(3)  # type: ignore[arg-type]


@given(st.lists(st.sampled_from(["low", "some_concerns", "high"]), min_size=5, max_size=5))
@settings(max_examples=60, deadline=None)
def test_rob_2_is_low_if_all_are_low_and_high_if_any_is_high(judged):
    """Sterne 2019, BMJ 366:l4898, table 1 of its overall judgement."""
    wanted = "low" if set(judged) == {"low"} else "high" if "high" in judged else "some_concerns"
    told = dict(zip(CODES, judged, strict=True))
    assert overall_by_rule(ROB_2, told) == wanted
    several = "high" if "high" in judged or judged.count("some_concerns") >= 3 else wanted
    assert overall_by_rule(ROB_2, told, several_concerns_high=3) == several


@pytest.mark.parametrize(
    ("judged", "wanted"),  # Sterne 2016, BMJ 355:i4919, and its guidance, table 3
    [
        ("low low low", "low"),
        ("low moderate low", "moderate"),
        ("low moderate serious", "serious"),
        ("serious critical no_information", "critical"),
        ("serious no_information low", "serious"),
        ("moderate no_information low", "no_information"),
        ("no_information no_information no_information", "no_information"),
    ],
)
def test_robins_i_takes_the_worst_and_no_information_only_without_serious(judged, wanted):
    rest = dict.fromkeys([domain.code for domain in ROBINS_I.domains][3:], "low")
    if judged.startswith("no_information"):
        rest = dict.fromkeys(rest, "no_information")
    told = dict(zip([domain.code for domain in ROBINS_I.domains], judged.split(), strict=False))
    assert overall_by_rule(ROBINS_I, rest | told) == wanted


def test_the_cochrane_tool_rests_on_the_key_domains_alone():
    tool = risk_of_bias_tool("rob_1")
    judged = dict.fromkeys([domain.code for domain in tool.domains], "low")
    judged |= {"allocation_concealment": "unclear", "selective_reporting": "high"}
    assert overall_by_rule(tool, judged) is None
    key = ["random_sequence_generation", "allocation_concealment"]
    assert overall_by_rule(tool, judged, key_domains=key) == "unclear"
    assert overall_by_rule(tool, judged, key_domains=[*key, "selective_reporting"]) == "high"


@pytest.mark.parametrize("tool", [ROB_2, ROBINS_I])
@pytest.mark.parametrize("several", [None, 2])
def test_an_overall_is_given_only_where_the_missing_cannot_change_it(tool, several):
    """Three domains open to two missing ones: every completion of each is tried."""
    codes = [domain.code for domain in tool.domains]
    allowed = tool.allowed()
    several = several if tool is ROB_2 else None
    for held in product([*allowed, None], repeat=3):
        told = dict.fromkeys(codes, "low") | dict(zip(codes, held, strict=False))
        open_ = [code for code in codes if told[code] is None]
        found = overall_by_rule(tool, told, several_concerns_high=several)
        ways = {
            overall_by_rule(
                tool,
                told | dict(zip(open_, filled, strict=True)),
                several_concerns_high=several,
            )
            for filled in product(allowed, repeat=len(open_))
        }
        assert found == (ways.pop() if len(ways) == 1 else None), told

"""Everything the report shows, computed once from the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from peer_evidence.appraisal.audit import audit
from peer_evidence.appraisal.certainty import certainty_table
from peer_evidence.appraisal.overlap import overlap
from peer_evidence.appraisal.risk_of_bias import risk_of_bias_summary
from peer_evidence.claims import check_claims
from peer_evidence.direction.admissions import admissions
from peer_evidence.direction.effect_direction import effect_directions
from peer_evidence.direction.tally import tally
from peer_evidence.pooling.pools import pools
from peer_evidence.report.sureness import Sureness, ask

if TYPE_CHECKING:
    from peer_evidence.appraisal.audit import Audit
    from peer_evidence.appraisal.certainty import Certainty
    from peer_evidence.appraisal.overlap import Overlap
    from peer_evidence.appraisal.risk_of_bias import RiskOfBias
    from peer_evidence.claims import Claims
    from peer_evidence.direction.admissions import AdmissionSummary
    from peer_evidence.direction.effect_direction import EffectDirections
    from peer_evidence.direction.tally import Tally
    from peer_evidence.pooling.pools import Pools
    from peer_evidence.records.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Analyses:
    """The analyses of one review.

    Attributes
    ----------
    ev : Evidence
        The records.
    conclusions : Tally
        Results by domain and reported conclusion.
    directions : Tally
        Studies by domain and direction, one vote a study.
    overall : Tally
        Studies by direction over all domains, one vote a study.
    hospital : AdmissionSummary or None
        The results on hospital use; None when the review names no such domain.
    pools : Pools
        The meta-analyses that the records allow, by domain and time.
    claims : Claims
        The statements of the narrative with their verdicts.
    study_directions : EffectDirections or None
        One direction a study and domain by the 70 per cent rule; None without a comparison.
    bias : RiskOfBias or None
        The judgements of the tool that most studies are judged with; None without any.
    certainty : Certainty
        What is suggested and judged of the certainty of each pool.
    audited : Audit
        Whether the numbers that sources print agree with one another.
    sure : Sureness
        What would overturn each pool, and what could be tested of it.
    shared : Overlap or None
        How far reviews share studies; None when fewer than two have a confirmed one.
    """

    ev: Evidence
    conclusions: Tally
    directions: Tally
    overall: Tally
    hospital: AdmissionSummary | None
    pools: Pools
    claims: Claims
    study_directions: EffectDirections | None
    bias: RiskOfBias | None
    certainty: Certainty
    audited: Audit
    sure: Sureness
    shared: Overlap | None


def analyse(ev: Evidence) -> Analyses:
    """Run every analysis of the report."""
    outcomes = ev.outcomes
    pooled = pools(ev)
    judged = len(ev.risk_of_bias) > 0
    compared = (outcomes["contrast_type"] == "intervention_vs_comparison").any()
    hospital = ev.vocabularies.group("domain", "hospital_use")
    return Analyses(
        ev=ev,
        conclusions=tally(outcomes, by="domain"),
        directions=tally(outcomes, by="domain", column="effect_direction", one_vote_per="study_id"),
        overall=tally(outcomes, by=None, column="effect_direction", one_vote_per="study_id"),
        hospital=admissions(ev) if hospital else None,
        pools=pooled,
        claims=check_claims(ev),
        study_directions=(
            effect_directions(ev, quality=ev.risk_of_bias if judged else None) if compared else None
        ),
        bias=risk_of_bias_summary(ev) if judged else None,
        certainty=certainty_table(ev, pooled),
        audited=audit(ev),
        sure=ask(pooled),
        shared=overlap(ev) if _several_reviews(ev) else None,
    )


def _several_reviews(ev: Evidence) -> bool:
    """Tell whether two reviews have a study that is confirmed to be in them."""
    confirmed = ev.inclusions[ev.inclusions["status"] == "confirmed"]
    return int(confirmed["review_id"].nunique()) > 1

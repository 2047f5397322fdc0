"""Everything the report shows, computed once from the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from peer_evidence.claims import check_claims
from peer_evidence.direction.admissions import admissions
from peer_evidence.direction.tally import tally
from peer_evidence.pooling.pools import pools

if TYPE_CHECKING:
    from peer_evidence.claims import Claims
    from peer_evidence.direction.admissions import AdmissionSummary
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
    """

    ev: Evidence
    conclusions: Tally
    directions: Tally
    overall: Tally
    hospital: AdmissionSummary | None
    pools: Pools
    claims: Claims


def analyse(ev: Evidence) -> Analyses:
    """Run every analysis of the report."""
    outcomes = ev.outcomes
    hospital = ev.vocabularies.group("domain", "hospital_use")
    return Analyses(
        ev=ev,
        conclusions=tally(outcomes, by="domain"),
        directions=tally(outcomes, by="domain", column="effect_direction", one_vote_per="study_id"),
        overall=tally(outcomes, by=None, column="effect_direction", one_vote_per="study_id"),
        hospital=admissions(ev) if hospital else None,
        pools=pools(ev),
        claims=check_claims(ev),
    )

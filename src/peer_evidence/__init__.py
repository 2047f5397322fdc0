"""From the records of an evidence review to its tallies, pooled effects, figures and report.

``import peer_evidence as pe``; every public name below is loaded when it is first used, so that
the import itself costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# public name -> the module that holds it; a module named by itself is public as a whole
_HOME = {
    "load": "records.evidence",
    "validate": "claims.validation",
    "Evidence": "records.evidence",
    "Fault": "records.faults",
    "RecordsError": "errors",
    "PeerEvidenceError": "errors",
    "InputError": "errors",
    "PeerEvidenceWarning": "errors",
    "tally": "direction.tally",
    "Tally": "direction.tally",
    "sign_test": "direction.sign_test",
    "admissions": "direction.admissions",
    "check_claims": "claims",
    "review": "report.build",
    "effect_sizes": "effects.table",
    "pools": "pooling.pools",
    "Pools": "pooling.pools",
    "effects": "",
    "figures": "",
    "report": "",
    "meta_analysis": "pooling.model",
    "MetaAnalysis": "pooling.model",
    "mantel_haenszel": "pooling.fixed_table",
    "peto": "pooling.fixed_table",
    "TablePool": "pooling.fixed_table",
    "subgroups": "pooling.subgroups",
    "pool_many": "pooling.many",
    "conventions": "pooling.conventions",
    "Conventions": "pooling.conventions",
    "leave_one_out": "sensitivity.leave_one_out",
    "influence": "sensitivity.influence",
    "cumulative": "sensitivity.cumulative",
    "permutation_test": "sensitivity.permutation",
    "explore": "explorer.widget",
    "certainty_table": "appraisal.certainty",
    "Certainty": "appraisal.certainty",
    "published_certainty": "appraisal.published",
    "summary_of_findings": "appraisal.findings",
    "SummaryOfFindings": "appraisal.findings",
    "risk_of_bias_tool": "appraisal.tools",
    "risk_of_bias_summary": "appraisal.risk_of_bias",
    "RiskOfBias": "appraisal.risk_of_bias",
    "flow": "appraisal.flow",
    "flow_template": "appraisal.flow_boxes",
    "Flow": "appraisal.flow",
    "combine_p_values": "direction.p_values",
    "CombinedP": "direction.p_values",
    "one_sided_p": "direction.one_sided",
    "p_values": "direction.p_value_table",
    "PValues": "direction.p_value_table",
    "describe_effects": "direction.describe",
    "EffectDescription": "direction.describe",
    "with_risk_of_bias": "direction.judgements",
    "checklist": "appraisal.checklist",
    "Checklist": "appraisal.checklist",
    "swim": "appraisal.swim",
    "SWiM": "appraisal.swim",
    "overlap": "appraisal.overlap",
    "Overlap": "appraisal.overlap",
    "effect_directions": "direction.effect_direction",
    "EffectDirections": "direction.effect_direction",
    "audit": "appraisal.audit",
    "Audit": "appraisal.audit",
    "grim": "appraisal.grim",
    "grimmer": "appraisal.grim",
    # dependent effects
    "multilevel": "pooling.multilevel",
    "Multilevel": "pooling.multilevel_result",
    "multivariate": "pooling.multivariate",
    "Multivariate": "pooling.multivariate_result",
    "covariance": "pooling.covariance",
    "Covariance": "pooling.covariance",
    "robust": "pooling.robust",
    "Robust": "pooling.robust",
    "rve": "pooling.rve",
    "RobustMeta": "pooling.rve",
    "dependence": "pooling.dependence",
    "Dependence": "pooling.dependence",
    "egger": "bias.regression",
    "peters": "bias.regression",
    "harbord": "bias.regression",
    "begg": "bias.rank",
    "trim_and_fill": "bias.trim_and_fill",
    "TrimAndFill": "bias.trim_and_fill",
    "pet_peese": "bias.pet_peese",
    "selection_model": "bias.selection",
    "SelectionModel": "bias.selection_result",
    "fail_safe_n": "bias.fail_safe",
    "excess_significance": "bias.excess",
    "p_curve": "bias.p_curve",
    "limit_meta_analysis": "bias.limit",
    "henmi_copas": "bias.henmi_copas",
    "gosh": "sensitivity.gosh",
    "Gosh": "sensitivity.gosh",
    "multiverse": "sensitivity.multiverse",
    "Multiverse": "sensitivity.multiverse",
    "fragility": "sensitivity.fragility",
    "Fragility": "sensitivity.overturned",
    "power": "sensitivity.power",
    "Power": "sensitivity.power",
    "diff": "living.diff",
    "Diff": "living.diff",
    "compare_extractions": "living.double_extraction",
    "ExtractionComparison": "living.double_extraction",
    "Settled": "sensitivity.settled",
    "new_review": "exchange.template",
    "save": "exchange.save",
    "save_table": "exchange.tables",
    "export_metafor": "exchange.metafor",
    "export_ris": "exchange.references",
    "pack": "exchange.pack",
    "read_revman": "exchange.revman",
    "read_cochrane": "exchange.cochrane",
    "ImportedReview": "exchange.revman_result",
    # in from other programs
    "Imported": "exchange.imported",
    "read_references": "exchange.bibliography.read",
    "read_risk_of_bias": "exchange.judgements_in",
    # published data to try things on
    "example": "exchange.example_data",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'peer_evidence' has no attribute {name!r}")
    home = _HOME[name]
    if home:
        value = getattr(importlib.import_module(f"peer_evidence.{home}"), name)
    else:
        value = importlib.import_module(f"peer_evidence.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*_HOME, "__version__", "__all__", "__doc__"})

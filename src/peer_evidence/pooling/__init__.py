"""Meta-analysis: heterogeneity estimators, models, fixed tables."""

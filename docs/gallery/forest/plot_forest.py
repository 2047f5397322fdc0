"""
Forest plot
===========

Every study with its arms, effect, interval and weight, then the pooled effect as a diamond with
its prediction interval.

Use it for every meta-analysis: it is the figure that journals ask for. A square is an estimate,
as large as its weight, and the line its 95% interval; the diamond is as wide as the interval of
the mean, and the line under it is where the effect of a further study is expected. Look at the
squares before the diamond: if they disagree, the mean describes none of them.

Not for results that should not be averaged, such as different scales in their own units or the
same people at several times. Lewis and Clarke 2001, BMJ 322:1479, doi 10.1136/bmj.322.7300.1479,
tell its history.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("bcg"), "RR")
pooled = pe.meta_analysis(trials)
arms = {"intervention": "BCG", "comparison": "No BCG"}
ax = pe.figures.forest(pooled, data=trials, favours=("BCG", "no BCG"), **arms)

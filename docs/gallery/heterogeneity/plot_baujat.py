"""
Baujat plot
===========

What each study adds to the heterogeneity (across) against what it does to the pooled effect (up).

Use it when studies disagree, to see which. A study at the top right both differs from the others
and moves the result: read that paper again. One at the lower right differs but hardly counts.

Not as a reason to leave a study out: some study always lies farthest right. Baujat, Mahé, Pignon
and Hill 2002, Statistics in Medicine 21:2641, doi 10.1002/sim.1221.
"""

import peer_evidence as pe

pooled = pe.meta_analysis(pe.effect_sizes(pe.example("bcg"), "RR"))
ax = pe.figures.baujat(pooled, names=5)

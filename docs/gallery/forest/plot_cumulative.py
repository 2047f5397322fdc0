"""
Cumulative forest plot
======================

The pooled effect as studies are added one by one, here in the order of their years.

Use it to see when an answer settled, and whether later studies moved it. Each row is the analysis
of all studies down to it; the dotted line is the effect of all of them.

Not as a test: the rows share their studies, and looking again after each study would need a
sequential method. Lau, Antman, Jimenez-Silva et al. 1992, New England Journal of Medicine
327:248, doi 10.1056/NEJM199207233270406.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("magnesium"), "OR")
pooled = pe.meta_analysis(trials, method="DL")
one_by_one = pe.cumulative(pooled, order=trials["year"])
ax = pe.figures.refits(one_by_one, measure="OR", favours=("magnesium", "control"))

"""
Contour-enhanced funnel plot
============================

Effects against standard errors, precise studies at the top, over shades that show where a study
would have p below 0.10 and 0.05.

Use it with ten studies or more. Without small-study effects the points fill the funnel evenly. If
they are missing on one side, the shade says how to read it: missing where results are not
significant speaks for publication bias, missing elsewhere for other causes.

Not for fewer than ten studies or for studies of one size, and asymmetry alone is no proof of
bias. Peters, Sutton, Jones et al. 2008, Journal of Clinical Epidemiology 61:991, doi
10.1016/j.jclinepi.2007.11.010; Sterne et al. 2011, BMJ 343:d4002, doi 10.1136/bmj.d4002.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("magnesium"), "OR")
pooled = pe.meta_analysis(trials, method="DL")
ax = pe.figures.funnel(pooled, favours=("magnesium", "control"))

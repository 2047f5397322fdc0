"""
Funnel plot with trim and fill
==============================

The same funnel with the mirror images of its outlying studies as open circles, and the pooled
effect with and without them.

Use it to see how far the answer would move if the funnel were symmetrical. The full line is the
pooled effect with the mirror images, the dotted one without.

Not as a corrected estimate: the circles are invented, and with much heterogeneity the method
finds asymmetry that is not there. Duval and Tweedie 2000, Biometrics 56:455, doi
10.1111/j.0006-341X.2000.00455.x.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("magnesium"), "OR")
filled = pe.trim_and_fill(pe.meta_analysis(trials, method="DL"))
ax = pe.figures.funnel(filled, favours=("magnesium", "control"))

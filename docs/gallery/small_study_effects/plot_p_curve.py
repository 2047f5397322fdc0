"""
P-curve
=======

How the significant p values are shared among five hundredths, against what no effect and what low
power would give.

Use it where only significant results may have been published. A curve that falls from left to
right speaks for an effect, a flat one for none, one that rises for p values that were pushed
below 0.05.

Not with much heterogeneity or few significant results, and not with p values of another
hypothesis than the main one. Simonsohn, Nelson and Simmons 2014, Journal of Experimental
Psychology: General 143:534, doi 10.1037/a0033242.
"""

import peer_evidence as pe

# invented: the p value of the main result of each of twelve papers
values = [0.0004, 0.001, 0.003, 0.004, 0.008, 0.011, 0.012, 0.018, 0.021, 0.034, 0.048, 0.3]
ax = pe.figures.p_curve(pe.p_curve(values))

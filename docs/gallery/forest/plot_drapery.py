"""
Drapery plot
============

The p-value function of every study, of the pooled effect and of a further study.

Use it beside a forest plot to get away from the single line of 0.05. A curve shows the intervals
of all levels at once: where it is cut at a height of p = 0.05 its 95% interval ends, and its peak
is the estimate.

Not for readers who see it for the first time without words beside it, and not for more than about
30 studies. Rücker and Schwarzer 2021, Research Synthesis Methods 12:112, doi 10.1002/jrsm.1410.
"""

import peer_evidence as pe

pooled = pe.meta_analysis(pe.effect_sizes(pe.example("bcg"), "RR"))
ax = pe.figures.drapery(pooled, favours=("BCG", "no BCG"))

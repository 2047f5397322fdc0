"""
Influence of each study
=======================

Eight diagnostics of each study side by side: residual, change of the fit, Cook's distance, tau2
and Q without it, and its weight.

Use it after a pooled effect is found and before it is believed. Flagged studies are named and
marked; the thresholds are conventions to look by.

Not for fewer than about five studies, where each is influential. Viechtbauer and Cheung 2010,
Research Synthesis Methods 1:112, doi 10.1002/jrsm.11.
"""

import peer_evidence as pe

pooled = pe.meta_analysis(pe.effect_sizes(pe.example("bcg"), "RR"))
ax = pe.figures.influence(pooled)

"""
GOSH plot of all subsets
========================

The pooled effect of every subset of the studies against its heterogeneity, with the distribution
of both at the margins.

Use it to find out whether one study or one group of studies makes the picture. One round cloud:
the studies belong together. Two clouds: the study that is told apart by colour and line splits
the subsets in two.

Not for fewer than about eight studies; from 15 on a sample of the subsets is drawn. Olkin,
Dahabreh and Trikalinos 2012, Research Synthesis Methods 3:214, doi 10.1002/jrsm.1053.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("bcg"), "RR")
subsets = pe.gosh(pe.meta_analysis(trials, method="DL"), subsets="all")
ax = pe.figures.gosh(subsets, measure="RR")

"""
Bubble plot of a meta-regression
================================

A circle for each study, as large as its weight, against a moderator that is a number, with the
line of the regression, its interval and where further studies are expected.

Use it where ten studies or more have the moderator. The line says how the mean effect changes
with the moderator between studies; how far the circles stray from it is the heterogeneity it
leaves.

Not for few studies, and not to say what the moderator does within a study: it is a comparison
between studies, which differ in other things as well. Thompson and Higgins 2002, Statistics in
Medicine 21:1559, doi 10.1002/sim.1187.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("bcg"), "RR")
regression = pe.meta_analysis(trials, moderators=["latitude"])
axis = "Distance from the equator, degrees"
ax = pe.figures.bubble(regression, label=axis, favours=("BCG", "no BCG"))

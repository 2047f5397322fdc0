"""
Box and bubble plot of effects
==============================

The effects of each group as bubbles, with their median, quartiles and range; nothing is pooled.

Use it where effects can be computed but not pooled, for want of variances or of likeness. It
shows where the observed effects lie; a bubble is as large as its study.

Not for saying what the effect is: the median ignores precision. McKenzie and Brennan, Cochrane
Handbook, chapter 12.
"""

import peer_evidence as pe

trials = pe.example("bcg").rename(columns={"label": "study_id"})
effects = pe.effect_sizes(trials, "RR")
ax = pe.figures.effect_box(effects, by="allocation", favours=("BCG", "no BCG"))

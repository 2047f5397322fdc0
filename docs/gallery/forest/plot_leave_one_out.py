"""
Leave-one-out forest plot
=========================

The pooled effect without each of the studies in turn.

Use it to see whether the answer rests on one study. Each row is the analysis of all studies but
the one that is named; look for rows away from the dotted line, and at how I² falls without a
study that differs.

Not as a reason to leave a study out, and not for two studies of the same fault: without either of
them the other still stands. The same analyses are the first step of Viechtbauer and Cheung 2010,
doi 10.1002/jrsm.11.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("bcg"), "RR")
without_each = pe.leave_one_out(pe.meta_analysis(trials))
ax = pe.figures.refits(without_each, measure="RR", favours=("BCG", "no BCG"))

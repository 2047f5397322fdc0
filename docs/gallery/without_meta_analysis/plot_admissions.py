"""
Results of one kind, whatever their measure
===========================================

Every result of a kind, here admissions to hospital, with its direction, and its effect where one
can be computed.

Use it for outcomes that every study counts in its own way: days, admissions, time to the first.
Each effect is given in words; ratios also as marks with intervals on one log axis. Where there is
no effect the reason stands in its place.

Not for one measure throughout: that is a forest plot.
"""

import peer_evidence as pe

results = pe.admissions(pe.load(), domains=["hospitalisation"])
ax = pe.figures.admissions(results, intervention="peer support")

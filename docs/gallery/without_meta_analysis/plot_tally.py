"""
Tally of conclusions
====================

How many results speak for, against and neither way, domain by domain.

Use it to show what the authors of the studies concluded where nothing can be pooled. Results for
the intervention grow right of zero, results against it left; those that speak neither way have
places of their own.

Not as a measure of effect: a count knows nothing of size or precision, and significance must not
cast votes. McKenzie and Brennan, Cochrane Handbook, chapter 12.
"""

import peer_evidence as pe

records = pe.load().select(domain=["hope", "recovery", "empowerment", "symptoms", "cost"])
ax = pe.figures.tally(pe.tally(records), sort="studies")

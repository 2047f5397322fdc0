"""
Tally
=====

What the sources conclude, counted.
"""

import peer_evidence as pe

ev = pe.load()
counted = pe.tally(ev.outcomes, by="domain")
pe.figures.tally(counted)

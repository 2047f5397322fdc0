"""
Albatross plot
==============

The p value of each result against the number of people behind it, with contours of the effect
that would give them.

Use it where papers print p values and numbers of people and little else. Follow the contours:
results that lie along one of them agree in size. Results left and right of the middle point to
opposite sides.

Not where effects can be computed. The contours hold for two groups of equal size and a p that is
neither adjusted nor clustered. Harrison, Jones, Martin et al. 2017, Research Synthesis Methods
8:281, doi 10.1002/jrsm.1239.
"""

import peer_evidence as pe

ax = pe.figures.albatross(pe.load(), measure="SMD")

"""
Overlap of reviews
==================

Each pair of reviews: above the diagonal the corrected covered area of their studies, below it how
many studies both have.

Use it before several reviews are counted as several pieces of evidence. Up to 5% is slight, above
15% very high: such reviews tell the same studies twice.

Not where the lists of studies are partial, unless it says so, as this one does. Pieper, Antoine,
Mathes et al. 2014, Journal of Clinical Epidemiology 67:368, doi 10.1016/j.jclinepi.2013.11.007.
"""

import peer_evidence as pe

ax = pe.figures.overlap(pe.overlap(pe.load()))

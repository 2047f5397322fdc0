"""
Audit of printed numbers
========================

What papers print as z or p against what the interval they print implies for it.

Use it before numbers of others are taken over. The bar is the range of z that estimate and
interval allow after rounding; the mark is what is printed. Where both do not meet, not all of the
numbers can be true under the usual reading.

Not as a charge: an adjusted analysis or another test can explain a difference, and misprints are
common. Nuijten et al. 2016, Behavior Research Methods 48:1205, doi 10.3758/s13428-015-0664-2,
found the like in half of the papers they checked.
"""

import peer_evidence as pe

printed = pe.load().pooled_results
rows = printed[printed.review_id.isin(["fuhr_2014", "fang_2022"])]
ax = pe.figures.audit(pe.audit(rows))

"""
Citation matrix
===============

Which review includes which study, both in the order of their years.

Use it in an overview of reviews. A row is a study, a column a review; a filled cell is a study
that the review includes. Later reviews that leave out what earlier ones have show as gaps at the
right.

Not for more than 28 reviews; take the table, or draw those that matter. Pieper, Antoine, Mathes
et al. 2014, doi 10.1016/j.jclinepi.2013.11.007.
"""

import peer_evidence as pe

ax = pe.figures.citation_matrix(pe.overlap(pe.load()))

"""
Effect direction plot on several pages
======================================

The same figure for all domains of the records, cut into pages that a printed supplement holds;
the sign tests, always of all studies, stand on the last.

Use it for a supplement, where a figure of many studies is higher than a page. It is read as one
figure, page after page; the headings stand on each.

Not on a screen, where ``pe.figures.effect_direction`` draws one long sheet. Thomson and Thomas
2013, Research Synthesis Methods 4:95, doi 10.1002/jrsm.1060.
"""

import peer_evidence as pe

directions = pe.effect_directions(pe.load())
pages = pe.figures.effect_direction_pages(directions)

"""
Evidence map
============

How many studies there are for each outcome and kind of intervention, with the empty cells marked.

Use it to plan: it shows where the studies are and where none is. Each cell counts distinct
studies; the totals count a study once.

Not as a map of effects: many studies are not a large effect, and an empty cell is no evidence of
none. Miake-Lye, Hempel, Shanman and Shekelle 2016, Systematic Reviews 5:28, doi
10.1186/s13643-016-0204-x.
"""

import peer_evidence as pe

ax = pe.figures.evidence_map(pe.load())

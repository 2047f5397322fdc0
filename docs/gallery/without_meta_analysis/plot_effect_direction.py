"""
Effect direction plot
=====================

Which way each study points in each domain, with a sign test under each domain.

Use it for several domains and unlike measures. A triangle up is a study whose results favour the
intervention, whatever their significance; its size is that of the intervention group. Read down a
column for a domain and along a row for a study.

Not where effects can be pooled, and the sign test needs more than a handful of studies. Thomson
and Thomas 2013, Research Synthesis Methods 4:95, doi 10.1002/jrsm.1060; Hilton Boon and Thomson
2021, doi 10.1002/jrsm.1458.
"""

import peer_evidence as pe

records = pe.load().select(domain=["hope", "recovery", "empowerment"])
ax = pe.figures.effect_direction(pe.effect_directions(records))

"""
Forest plot
===========

Every effect with its interval, the pooled effect, and where a new study may lie.
"""

import peer_evidence as pe

pools = pe.pools(pe.load())
hope = pools["hope", "up to 4 months"]
ax = pe.figures.forest(hope, measure="SMD")

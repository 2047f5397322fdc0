"""
Forest plot of several pools
============================

Every pool of the records, by domain and time, on one axis; nothing is pooled across them.

Use it for a review with many outcomes and few studies of each. Under each diamond is its more
cautious interval, which does not take the spread of two or three studies as known; where that
interval reaches the other side the pool shows little.

Not for comparing domains with one another: a study may stand in several pools, and the scales
differ.
"""

import peer_evidence as pe

pools = pe.pools(pe.load(), domains=["hope", "recovery", "empowerment"])
sides = {"intervention": "Peer support", "favours": ("usual care", "peer support")}
ax = pe.figures.forest(pools, data=pools.studies(), **sides)

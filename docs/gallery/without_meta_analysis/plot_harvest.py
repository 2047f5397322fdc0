"""
Harvest plot
============

Each study as a bar in the column of its direction, domain by domain, as high as its design is
suitable.

Use it where studies are too unlike to be pooled but their directions are known. Look at where the
high bars stand. Studies whose direction is not known are counted at the right.

Not where effects can be computed: it shows no sizes. Ogilvie, Fayter, Petticrew et al. 2008, BMC
Medical Research Methodology 8:8, doi 10.1186/1471-2288-8-8.
"""

import peer_evidence as pe

records = pe.load().select(domain=["hope", "recovery", "empowerment", "social_support"])
ax = pe.figures.harvest(records)

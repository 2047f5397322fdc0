"""
Forest plot with risk of bias
=============================

Each study with its judgements in every domain of the tool beside its effect.

Use it to see at one glance whether the effect rests on studies at high risk. Read along a row:
colour and sign of a mark are the judgement, the letter above it the domain, which the key names.
A blank is a study that nobody judged.

Not as a score: marks are not added up, and one domain at high risk can outweigh all others.
Layout of the Cochrane Handbook, chapter 7; McGuinness and Higgins 2021, doi 10.1002/jrsm.1411.
"""

import peer_evidence as pe

records = pe.load()
hope = pe.pools(records, domains=["hope"])["hope", "up to 4 months"]
judged = pe.risk_of_bias_summary(records)
sides = ("usual care", "peer support")
ax = pe.figures.forest(hope, risk_of_bias=judged, aligned=True, favours=sides)

"""
Risk of bias, domain by domain
==============================

What share of the studies has which judgement, a bar for each domain.

Use it to sum up many studies. With a meta-analysis as ``weights`` a study counts for its weight
there, so that the bars say how much of the information is at risk; the figure says which it is.

Not instead of the judgements of each study: it hides which studies are at risk in several
domains. McGuinness and Higgins 2021, doi 10.1002/jrsm.1411.
"""

import peer_evidence as pe

judged = pe.risk_of_bias_summary(pe.load(), "rob_2")
ax = pe.figures.risk_of_bias_bars(judged)

"""
Risk of bias, study by study
============================

The judgement of every study in every domain of its tool, and overall.

Use it in every review that judges its studies. Colour and sign say the same; a judgement that is
not recorded is a ring of dashes. Read along a row for what is wrong with a study, down a column
for what is wrong with the field.

Not as a score: domains are not added up. McGuinness and Higgins 2021, doi 10.1002/jrsm.1411
(robvis); Sterne et al. 2019, BMJ 366:l4898, doi 10.1136/bmj.l4898 (RoB 2).
"""

import peer_evidence as pe

judged = pe.risk_of_bias_summary(pe.load(), "rob_2")
ax = pe.figures.traffic_light(judged)

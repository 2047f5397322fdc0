"""
Weights of a selection model
============================

How likely a study is to be seen, by its p value, relative to a significant one.

Use it to say what a correction for publication bias assumes. A step of 0.5 means that such
studies are half as likely to be seen as the significant ones; the shade is the interval of the
step.

Not with fewer than ten studies or with a step that holds one or two of them. Vevea and Hedges
1995, Psychometrika 60:419, doi 10.1007/BF02294384.
"""

import peer_evidence as pe

pooled = pe.meta_analysis(pe.example("teacher_expectancy"), method="ML")
model = pe.selection_model(pooled, steps=[0.05, 0.5])
ax = pe.figures.selection(model)

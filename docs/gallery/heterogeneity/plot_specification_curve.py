"""
Specification curve
===================

The result of every reasonable way to run the analysis, from the lowest estimate to the highest,
with the choices of each way below.

Use it where defensible choices are many: which studies, which model, which interval. If the curve
stays on one side the answer does not hang on the choices; if it crosses, the rows below show
which choice decides.

Not as a vote: the ways are not independent, and a curve of bad choices is a bad curve. Simonsohn,
Simmons and Nelson 2020, Nature Human Behaviour 4:1208, doi 10.1038/s41562-020-0912-z; Voracek,
Kossmeier and Tran 2019, Zeitschrift für Psychologie 227:64, doi 10.1027/2151-2604/a000357.
"""

import peer_evidence as pe

studies = {"tester": ["all", "blind"], "setting": ["all", "group"], "weeks": ["all", (None, 1)]}
models = {"method": ["FE", "DL", "REML"], "ci": ["wald", "hksj"]}
ways = pe.multiverse(pe.example("teacher_expectancy"), {**studies, **models})
ax = pe.figures.specification_curve(ways)

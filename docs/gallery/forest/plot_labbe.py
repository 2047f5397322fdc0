"""
L'Abbé plot
===========

The risk with the intervention against the risk without it, a circle for each study as large as
its weight.

Use it for events in two arms, before choosing between ratio and difference: it shows the risks
that a ratio hides. Circles under the diagonal have fewer events with the intervention. If they
lie along the line of the pooled ratio, one ratio serves all risks; if they run beside the
diagonal, a difference does.

Not for effects without counts, and not as a test: small studies scatter by chance. L'Abbé, Detsky
and O'Rourke 1987, Annals of Internal Medicine 107:224, doi 10.7326/0003-4819-107-2-224.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("bcg"), "RR")
pooled = pe.meta_analysis(trials)
sides = {"intervention": "BCG", "comparison": "no BCG", "favours": ("BCG", "no BCG")}
ax = pe.figures.labbe(trials, "RR", m=pooled, **sides)

"""
Forest plot in the layout of a journal
======================================

The same analysis in the columns of JAMA; ``layout`` also knows "bmj" and "revman".

Use it when a journal or a Cochrane review has an order of columns of its own. It is read as every
forest plot. Here the studies stand with the largest weight first, and the ends of the axis are
given, so that an interval beyond them becomes an arrow.

Not with ``sort`` where the order of the studies says something, such as their date. BMJ, JAMA and
RevMan each ask for their own in their instructions to authors.
"""

import peer_evidence as pe

stays = pe.effect_sizes(pe.example("stroke_stay"), "MD")
pooled = pe.meta_analysis(stays, ci="hksj")
arms = {"intervention": "Specialist", "comparison": "Routine", "favours": ("specialist", "routine")}
look = {"layout": "jama", "sort": "weight", "xlim": (-60, 40)}
ax = pe.figures.forest(pooled, data=stays, **arms, **look)

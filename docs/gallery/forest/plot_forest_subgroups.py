"""
Forest plot with subgroups
==========================

Studies under the group they belong to, a diamond for each group and for all, and the test of
whether the groups differ.

Use it for the few groups that were named before the data were seen. Compare the diamonds through
the test of subgroup differences; that one diamond excludes no effect and another does not says
nothing about their difference.

Not where a group has one or two studies, and not for a moderator that is a number: draw that as a
bubble plot. Borenstein and Higgins 2013, Prevention Science 14:134, doi
10.1007/s11121-013-0377-7.
"""

import peer_evidence as pe

trials = pe.effect_sizes(pe.example("bcg"), "RR")
groups = pe.subgroups(trials, by="allocation", tau2="common")
arms = {"intervention": "BCG", "comparison": "No BCG"}
ax = pe.figures.forest(groups, data=trials, favours=("BCG", "no BCG"), **arms)

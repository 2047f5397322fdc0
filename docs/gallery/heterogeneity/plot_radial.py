"""
Radial plot
===========

Each study by its precision (across) and its z (up); the slope of a line from the origin to a
study is its effect, which the arc on the right reads.

Use it for studies of very different precision: the precise ones lie far right, where they can be
told apart. Studies with the same true effect scatter within a band of two about one line.

Not for readers who want effects first; the forest plot gives those. Galbraith 1988, Statistics in
Medicine 7:889, doi 10.1002/sim.4780070807.
"""

import peer_evidence as pe

pooled = pe.meta_analysis(pe.example("teacher_expectancy"))
ax = pe.figures.radial(pooled, tau2=False, favours=("lower scores", "higher scores"))

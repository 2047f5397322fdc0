"""
Continuum of a framework
========================

The kinds of relationship that the framework of the records tells apart, the studies on them, and
the journey of a person along them.

Use it where a review has a framework that orders its studies. Read from left to right: each stop
is a kind, with the studies that were placed there.

Not as a scale: the distances between the kinds mean nothing.
"""

import peer_evidence as pe

ax = pe.figures.continuum(pe.load())

"""Synthesis without meta-analysis: tallies, sign tests, admissions."""

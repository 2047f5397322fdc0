"""Mutated files for every reader: a load or a list of faults, and nothing else.

``python -m fuzz --reader csv --cases 100000``; see docs/fuzzing.md.
"""

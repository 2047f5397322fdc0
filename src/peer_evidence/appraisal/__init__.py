"""Judging the evidence: risk of bias, the flow of studies, what published numbers can bear."""

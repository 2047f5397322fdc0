"""Appraisal of the evidence: how far its numbers can be trusted."""

"""Appraisal of what is published: whether its numbers agree, and how far it can be trusted."""

"""Appraisal: what is known of the quality, overlap and reporting of the evidence."""

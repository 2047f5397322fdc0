"""A review that lives: what changed between two states of it, extractions compared, rebuilding."""

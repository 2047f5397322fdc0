"""Small-study effects and publication bias: tests, adjusted estimates, selection models."""

"""Effect sizes with their variances, from the numbers that studies print."""

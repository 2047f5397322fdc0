"""References of a reference manager, read as the studies of a review."""

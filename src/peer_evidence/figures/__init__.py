"""The figures: a result or a frame in, matplotlib Axes out."""

"""How far results can be trusted: risk of bias, certainty, overlap, audit, and what is reported."""

"""The records of a review: the tables, how they are read, checked and asked."""

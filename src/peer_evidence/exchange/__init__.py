"""A review in from anywhere and out to anywhere: templates, files of other programs."""

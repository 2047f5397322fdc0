"""The explorer: a page, or a notebook widget, where a tick re-pools the studies at once."""

"""The report: the whole review as files."""

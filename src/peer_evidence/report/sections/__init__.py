"""The sections of the page, one file each: an answer in one sentence, then what supports it."""

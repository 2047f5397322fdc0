"""Parts of the command line: its order, its errors, the import, the completion of shells."""

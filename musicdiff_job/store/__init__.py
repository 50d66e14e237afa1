"""Where the checkpoint lives between runs: a file with a lock beside it (``file``)."""

"""Where the checkpoint lives between runs: a file with a lock beside it (``file``), or an object in S3 (``s3``)."""

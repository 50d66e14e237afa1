"""Where the listening history is kept: NDJSON by month in a folder, or objects under a prefix in S3."""

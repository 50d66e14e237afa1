"""What ``make release-check`` looks at before a version is published."""

"""What ``make deploy-check`` looks at. Each module has a tuple ``CHECKS``; a new module is found by itself."""

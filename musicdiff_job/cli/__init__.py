"""The command line: a file per noun, the only place that prints and exits."""

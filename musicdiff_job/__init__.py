"""Keeps a Deezer account in step with a Spotify account, one bounded run at a time.

Layers, from the outside in (enforced by import-linter, see pyproject.toml)::

    cli              commands, the only place that prints and exits
    bootstrap        settings -> the real adapters
    job              run_once: look, decide, do
    spotify deezer store report sandbox      the adapters and renderers, ignorant of each other
    gate settings    the one door to a service; what the user asked for
    ports            the protocols between them
    core             pure values and decisions, no I/O, no clock
"""

__version__ = "0.1.0"

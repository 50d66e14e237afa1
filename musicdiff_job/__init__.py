"""Keeps a Deezer account in step with a Spotify account, one bounded run at a time.

Layers, from the outside in (enforced by import-linter, see pyproject.toml)::

    cli              commands, the only place that prints and exits
    bootstrap        settings -> a job                  connecting   the real adapters, as a run connects
    applying         a reviewed plan, exactly that      planning     a dry run that ends with a plan
    job              run_once: look around, choose, work, say what happened
    undoing          putting back what a run removed    recreating   a playlist that was deleted
    conducting       any work under the lease, from the checkpoint to the summary
    survey           whose accounts these are, which collections there are and which are gone
    mirroring        one collection: look, decide, do, look again
    looking          what the target holds of it        metadata     title, description and privacy
    consulting       what only a person may decide      writing      one change, intent first
    reading          the source, over several runs      lookups      counterparts of tracks
    binding          which playlists stand for it       results      how it ended
    session          what one run holds while it works
    spotify deezer store report dry_run reviewed sandbox    adapters and renderers, ignorant of each other
    gate             the one door to the services
    settings journal                                    what the user asked for, the log
    clock private wrapped                               time, files of nobody else's business, wrappers of a target
    ports                                               the protocols between the job and the services
    core             pure values and decisions: no I/O, no clock, no log
"""

__version__ = "0.1.0"

"""Spotify's data export and Exportify's files as the source of a sync: no credentials, no calls.

``archive`` finds and reads the files, ``account_data`` and ``exportify`` understand them, ``library`` puts them
together, ``source`` is what the job sees; ``history`` reads the listening history.
"""

"""Spotify as the source: tokens (``auth``), HTTP (``wire``), the account (``client``), JSON to values (``decode``).

Nothing is imported here, so that naming the package costs nothing; spotipy is loaded by the first request.
"""

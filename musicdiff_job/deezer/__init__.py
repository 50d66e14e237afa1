"""Deezer as the target: the public API with a token (``rest``), the web gateway with an ARL (``gateway``), look-ups
without any account (``catalogue``); beneath them HTTP (``public_api``, ``gateway_session``), what both answer alike
(``answers``) and JSON to values (``decode``, ``fields``).

Nothing is imported here, so that naming the package costs nothing; deezer-python, httpx and requests are loaded by the
constructors that need them.
"""

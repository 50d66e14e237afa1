"""A small local Spotify and Deezer over HTTP on 127.0.0.1, with the metadata of real recordings.

It exists so that the job can be tried and tested without an account. It is strict where the services are strict and
misbehaves on request (``faults``). It imports nothing of the product: what the job sends is judged by what other
clients recorded of the real services, not by the job's own idea of them.
"""

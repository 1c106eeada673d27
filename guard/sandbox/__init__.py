"""A stand-in for Blueshift's API on a loopback port, for newcomers, for trials and for tests.

It was written from the API's reference pages and shares no code with ``guard.blueshift``, so that one misreading of
the API cannot hide in both. Where the reference leaves a choice, the sandbox takes the one that is harder on a client.
"""

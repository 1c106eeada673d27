"""A stand-in for Blueshift's API on a loopback port, for trials and tests.

It follows the API's reference pages and shares no code with ``guard.blueshift``: a misreading of the API cannot hide
in both. Where the reference leaves a choice, the sandbox takes the one that is harder for a client.
"""

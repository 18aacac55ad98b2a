"""The 8x8 Voice API's book of rules, as pure code: no IO, no clock, no state.

``replies.read_reply`` and ``documents.read_callflow`` turn what an application sent into
typed actions and diagnostics; ``bodies`` writes what the platform posts; ``codes`` are its
numbers and words; ``settings`` the choices where sources disagree or are silent. Nothing is
imported here, so that ``settings`` and ``codes`` can be had without pydantic.
"""

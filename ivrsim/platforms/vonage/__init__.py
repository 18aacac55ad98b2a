"""The Vonage Voice API: its NCCOs, settings, webhook bodies and signatures.

Nothing is imported here: ``documents`` needs pydantic, which a command line that only prints
its help must not pay for.
"""

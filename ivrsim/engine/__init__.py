"""A call as a pure state machine: ``Session.feed(event, t) -> (records, commands)``."""

"""The workshop for one call: breakpoints, stepping, edits by hand, going back, branches."""

"""The debugger on the screen: breakpoints, stops, edits, branches, comparisons, assumptions."""

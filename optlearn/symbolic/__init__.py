"""Tracing: from the lines of a rule to its equation, its JavaScript and its compiled kernel."""

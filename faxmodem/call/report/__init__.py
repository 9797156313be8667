"""The report of a call: what happened, in words and pictures, and a replay of it."""

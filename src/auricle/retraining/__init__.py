"""Whether a newly trained model replaces the one in use: the rule, what it looks at, and its record."""

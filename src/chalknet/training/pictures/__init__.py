"""Pictures of a fit: what happened, what it answers, what it looks at, what is in it."""

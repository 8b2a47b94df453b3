"""What a fit shows once it has ended: the trivial predictor beside it, and what went wrong, with a remedy."""

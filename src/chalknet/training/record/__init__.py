"""What is recorded of a fit while it runs, and how often."""

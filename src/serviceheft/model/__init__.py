"""What was agreed and what is there: catalogue, customers, and the one schema for both."""

"""What machines are made of."""

"""People: how accounts are made, what is kept about somebody, and how they leave."""

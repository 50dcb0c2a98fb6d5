"""What pages show, read in a fixed number of queries and said in words."""

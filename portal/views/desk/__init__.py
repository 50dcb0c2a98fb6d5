"""Behind the counter: a room for each thing that needs a person."""

"""Behind the counter: what needs somebody today, the curator's queue, the rules of the house, the audit."""

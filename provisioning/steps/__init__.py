"""What must be true on the way to ready and to gone. Steps know neither rows nor tasks."""

"""Stories told on a whole portal with real machines. Each is a few lines; what they share is in tests/e2e/portal.py."""

"""One folder for each app that comes along, with service/ and data/. See `catalog/starter_repos.py`."""

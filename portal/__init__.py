"""People and doors: accounts, pages, mail, the live stream, settings."""

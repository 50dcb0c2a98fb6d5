"""One file per room of the site."""

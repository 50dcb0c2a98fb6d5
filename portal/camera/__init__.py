"""Pictures of services' own pages, taken by a browser without a screen. Where there is no browser there are no pictures."""

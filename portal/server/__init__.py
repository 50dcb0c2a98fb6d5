"""The programs that run and what stands at their doors: pages, clock, broker, git door, headers, health, metrics, log lines."""

"""Mail: letters written once, the outbox they leave from, and what is told by mail at all."""

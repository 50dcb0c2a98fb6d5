"""The same verbs for programs: JSON over HTTP, by a token that its owner made on the page about them."""

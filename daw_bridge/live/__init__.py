"""Playing live: the conductor, what the terminal shows and takes, and the link to the server."""

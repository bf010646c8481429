"""Jobs, their queue, and the supervised worker process that renders them."""

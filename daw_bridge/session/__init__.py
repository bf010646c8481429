"""Where the bridge is put together: the only room that builds collaborators and connects them."""

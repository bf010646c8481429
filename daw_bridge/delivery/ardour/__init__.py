"""A clip into a closed Ardour session, by its file."""

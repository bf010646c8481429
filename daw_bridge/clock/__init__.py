"""Who says what time it is: the only room that asks for the time."""

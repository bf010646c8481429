"""OSCQuery: surfaces ask what there is to move, press and read, and draw themselves."""

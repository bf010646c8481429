"""What each host can ask for: one table, from which the tables of all their pages are made."""

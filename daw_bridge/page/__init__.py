"""The page that a live set is played from in a browser: a surface among the others."""

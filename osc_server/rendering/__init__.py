"""From a request to a plan, and from codes to a finished clip. Imports no torch."""

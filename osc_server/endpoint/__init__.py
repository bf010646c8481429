"""The wire: UDP and TCP transports, the router and its handlers, and who gets which reply."""

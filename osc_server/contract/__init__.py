"""What both processes share: addresses, requests, replies, packets, clips, musical time, errors.

Imports the standard library, numpy and pythonosc only. It is all that daw_bridge may import.

    bytes  --framing-->  packets  --packets-->  OscMessage  --parsing-->  request record
    reply record  --reply_args-->  address and arguments  --packets-->  bytes

``addresses`` is the table that parsing, replies, help and the reference page are made from.
"""

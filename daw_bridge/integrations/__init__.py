"""What lives inside the hosts: Ableton Live, Max, Pure Data, SuperCollider."""

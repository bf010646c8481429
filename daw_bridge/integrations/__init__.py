"""What lives inside the hosts: Pure Data, SuperCollider."""

"""Long runs in real time: what must hold for a whole evening, held for ten minutes."""

"""For those who have AbletonOSC: ``python -m daw_bridge.integrations.ableton_osc``."""

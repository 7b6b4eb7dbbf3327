"""MQTT 3.1.1 and 5: the wire format, who may publish what, and one client's connection."""

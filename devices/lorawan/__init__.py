"""Payload decoders for the raw bytes of LoRaWAN devices, one file per maker, each with MAKER."""

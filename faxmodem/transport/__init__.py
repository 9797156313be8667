"""Bytes and control lines of a port: pyserial, in-memory null modem, recorder."""

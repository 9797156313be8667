"""The score card of a modem: what it does, measured, beside what it should do."""

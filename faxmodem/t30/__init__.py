"""T.30: frames, capabilities, session state machine. Pure: no I/O, no clock."""

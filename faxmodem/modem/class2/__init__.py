"""Modems that run T.30 themselves: Class 2 (SP-2388), Class 2.0 (TIA/EIA-592, T.32) and 2.1 (T.32 with V.34)."""

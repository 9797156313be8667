"""Send and receive faxes through serial fax modems."""

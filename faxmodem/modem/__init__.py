"""AT dialect and drivers, firmware profiles."""

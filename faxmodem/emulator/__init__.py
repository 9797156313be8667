"""The DCE: an AT-command fax modem in software, the telephone line, the far station."""

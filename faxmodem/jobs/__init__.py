"""Job status and its enumerations, outcomes, tracker, notification."""

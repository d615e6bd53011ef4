"""What runs in the program's own process: the start of its tracking, and what the API tracks."""

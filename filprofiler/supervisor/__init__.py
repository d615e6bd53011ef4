"""What runs beside the program: it starts it, watches it, and outlives it."""

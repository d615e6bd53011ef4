"""The analysed model of one run: callstacks, lines and bytes, without a thought of how they are shown."""

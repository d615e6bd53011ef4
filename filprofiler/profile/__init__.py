"""The analysed model of one run: call stacks, lines and bytes, without a thought of how they are shown."""

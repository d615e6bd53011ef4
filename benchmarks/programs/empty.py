"""Start-up: nothing is done, so what is measured is what a profiler costs before and after the program."""

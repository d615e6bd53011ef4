"""The exit statuses that are ours. Whenever the program ran, its own status takes their place."""

OK = 0
USAGE = 2  # the command was used in a way that cannot work
CANNOT_PROFILE = 3  # this interpreter or platform cannot be profiled
CANNOT_WRITE = 4  # the result folder or the recording cannot be written
CANNOT_REPORT = 5  # `fil-profile report` or `diff`: the results could not be read, or the files not be written
GREW = 6  # `fil-profile diff --fail-over`: the peak has grown by more than that
OUT_OF_MEMORY = 53  # the program died for want of memory: the report tells that moment

"""Our own exit statuses. If the program ran, its own status replaces them."""

OK = 0
USAGE = 2  # the command was used in a way that cannot work
CANNOT_PROFILE = 3  # this interpreter or platform cannot be profiled
CANNOT_WRITE = 4  # the result folder or the recording cannot be written
CANNOT_REPORT = 5  # `fil-profile report` or `diff`: the results could not be read, or the files not written
GREW = 6  # `fil-profile diff --fail-over`: the peak has grown by more than the limit
OUT_OF_MEMORY = 53  # the program ran out of memory and died; the report shows that moment

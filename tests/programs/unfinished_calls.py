"""Makes generators and cells in functions with thousands of variables.

A call that makes its cells, or answers a generator, does so before its function begins: for the line that calls.
"""

VARIABLES = 5000
CALLS = 120  # together more than the compiler takes

NAMES = ["v%d" % number for number in range(VARIABLES)]
SOURCE = """
def closing():
    {names} = None
    return lambda: [{listed}]
def generator():
    yield
    {names} = None
async def coroutine():
    {names} = None
async def asynchronous_generator():
    yield
    {names} = None
""".format(names=" = ".join(NAMES), listed=", ".join(NAMES))
MADE = {}
exec(compile(SOURCE, "<made>", "exec"), MADE)
kept = [None] * (4 * CALLS)


def of_generator(at):
    kept[at] = MADE["generator"]()  # MARK generator


def of_coroutine(at):
    kept[at] = MADE["coroutine"]()  # MARK coroutine


def of_asynchronous_generator(at):
    kept[at] = MADE["asynchronous_generator"]()  # MARK asynchronous generator


def of_cells(at):
    kept[at] = MADE["closing"]()  # MARK cells


for each in range(CALLS):
    of_generator(4 * each)
    of_coroutine(4 * each + 1)
    of_asynchronous_generator(4 * each + 2)
    of_cells(4 * each + 3)
for made in kept[1::4]:
    made.close()

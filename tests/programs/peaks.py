"""Memory that rises, falls and rises again, less high. What is live is known at each moment."""

MIB = 1 << 20


def rising():
    kept = []
    for _ in range(10):
        kept.append(bytearray(MIB))  # MARK rising
    return kept


def before():
    return bytearray(3 * MIB)  # MARK before, all the time


def gone_before_the_peak():
    block = bytearray(25 * MIB)  # MARK gone before the peak
    del block


def summit(parts):
    first = bytearray(12 * MIB)  # MARK at the summit
    second = bytearray(7 * MIB)  # MARK at the summit too
    del first
    third = bytearray(5 * MIB)  # MARK after the summit
    return second, third, parts


def second_rise():
    kept = []
    for _ in range(20):
        kept.append(bytearray(MIB))  # MARK second rise
    return kept


def sawtooth():
    for _ in range(500):
        block = bytearray(MIB)  # MARK sawtooth
        del block


def equal_peak():
    """As high as the summit would be without its own 12 + 7: nothing of it may be reported."""
    block = bytearray(8 * MIB)  # MARK never at the summit
    return block


whole_time = before()
gone_before_the_peak()
sawtooth()
parts = rising()
del parts[3:]
parts.extend(rising())
result = summit(parts)
del parts[:]
del result
sawtooth()
more = second_rise()
del more
never = equal_peak()

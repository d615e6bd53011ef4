# Drives one kernel through its own protocol and prints what happened as JSON: kernel_life.py KERNEL FOLDER SCENARIO
# A cell tells on its standard output when it has come so far that it can be interrupted, or killed.
import json
import os
import signal
import sys

from jupyter_client.manager import start_new_kernel

SECONDS = 120


def begin(client, source):
    return client.execute(source)


def messages(client, request, until=None):
    """What the kernel says to a request, up to its being idle again, or to a text on its output."""
    while True:
        message = client.get_iopub_msg(timeout=SECONDS)
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return
        yield message["msg_type"], content
        if until and message["msg_type"] == "stream" and until in content["text"]:
            return


def run(client, source):
    told = []
    for kind, content in messages(client, begin(client, source)):
        if kind == "stream":
            told.append(content["text"])
        elif kind == "error":
            told.append("%s: %s" % (content["ename"], content["evalue"]))
        elif "data" in content:
            told.append(content["data"]["text/plain"])
    return told


HELD = """%%filprofile
held = bytearray(30_000_000)
print("begun", flush=True)
import signal
while True:
    signal.pause()
"""


def interrupted(manager, client):
    request = begin(client, HELD)
    list(messages(client, request, until="begun"))
    manager.interrupt_kernel()
    seen = [(kind, content) for kind, content in messages(client, request)]
    return {
        "kinds": [kind for kind, _ in seen],
        "shown": [content["data"]["text/plain"] for _, content in seen if "data" in content],
        "errors": [content["ename"] for kind, content in seen if kind == "error"],
        "after": run(client, "%%filprofile\nmore = bytearray(7_000_000)\nlen(held)"),
    }


def restarted(manager, client):
    request = begin(client, HELD)
    list(messages(client, request, until="begun"))
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=SECONDS)  # asks, and waits for the answer
    return {
        "after": run(client, "%load_ext filprofiler") + run(client, "%%filprofile\nmore = bytearray(7_000_000)\nlen(more)")
    }


def killed(manager, client):
    pid = int(run(client, "import os; print(os.getpid())")[0])
    request = begin(client, HELD)
    list(messages(client, request, until="begun"))
    os.kill(pid, signal.SIGKILL)
    return {}


def many(manager, client):
    """Cells one after the other; resident memory now and then."""
    count = int(os.environ["FIL_TEST_CELLS"])
    resident = []
    for number in range(count):
        told = run(client, "%%filprofile\nrows = [str(one) for one in range(3000)]\nlen(rows)")
        assert told[0].startswith("Peak memory") and told[1] == "3000", told
        if number % (count // 10) == count // 10 - 1:
            resident.append(int(run(client, "print(open('/proc/self/statm').read().split()[1])")[0]) * 4096)
    return {"resident": resident}


kernel, folder, scenario = sys.argv[1:]
manager, client = start_new_kernel(kernel_name=kernel, cwd=folder)
try:
    run(client, "%load_ext filprofiler")
    print(json.dumps(globals()[scenario](manager, client)))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)

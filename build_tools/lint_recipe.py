"""Check recipe/ for conda: `make lint-recipe`. Needed, from the package index: py-rattler-build.

rattler-build parses the recipe, where a field that it does not know is an error, and renders it for each platform that
it is for; what comes out is compared with setup.py. Exit status 1 if something is wrong.
"""

import ast
import os
import sys
from typing import Any, Dict, List

from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RECIPE = os.path.join(ROOT, "recipe", "recipe.yaml")
VARIANTS = os.path.join(ROOT, "recipe", "variants.yaml")
COMPILERS = {"linux-64": "gcc_linux-64", "linux-aarch64": "gcc_linux-aarch64"}  # by the platforms that it is for


def setup_arguments() -> Dict[str, Any]:
    """Of what setup.py says: `entry_points` and `install_requires`."""
    with open(os.path.join(ROOT, "setup.py"), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    (call,) = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "setup"]
    wanted = ("entry_points", "install_requires")
    return {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg in wanted}


def wrong_with(platform: str) -> List[str]:
    """What is wrong with the packages for a platform, a sentence each."""
    rendered = Stage0Recipe.from_file(RECIPE).render(
        VariantConfig.from_file(VARIANTS), RenderConfig(platform=PlatformConfig(target_platform=platform))
    )
    if len(rendered) != 1:
        return ["there are %d packages and not one for all Pythons" % len(rendered)]
    recipe = rendered[0].recipe.to_dict()
    said = setup_arguments()
    needed = [each for each in recipe["requirements"]["run"] if not each.startswith("python ")]
    pairs = [
        ("commands", recipe["build"]["python"]["entry_points"], said["entry_points"]["console_scripts"]),
        ("needed packages", needed, said["install_requires"]),
        ("compiler", recipe["requirements"]["build"][0], COMPILERS[platform]),
        ("Python", recipe["build"]["python"].get("version_independent"), True),
    ]
    wrong = ["%s: %s, and not %s" % (name, found, expected) for name, found, expected in pairs if found != expected]
    licenses = recipe["about"]["license_file"]
    wrong += ["there is no file %s" % name for name in licenses if not os.path.exists(os.path.join(ROOT, name))]
    return wrong


def main() -> int:
    """See the module's text."""
    wrong = ["%s: %s" % (platform, what) for platform in COMPILERS for what in wrong_with(platform)]
    for line in wrong:
        print("recipe: " + line)
    print("recipe: %s" % ("%d findings" % len(wrong) if wrong else "ok"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

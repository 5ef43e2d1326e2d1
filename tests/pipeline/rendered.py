"""What tests/render wrote: one Source per case, line and source of the templates."""

import functools
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
RENDERED = Path(os.environ["RENDERED"])
GIVEN = json.loads((REPO / "tests/render/variables.json").read_text())
LINES = {line["key"]: line for line in json.loads((REPO / "ci/matrix.json").read_text())}


@dataclass
class Source:
    case: str
    line: dict
    name: str
    cd: Path
    attributes: dict

    def __str__(self):
        return f"{self.line['key']} ({self.name}, case {self.case})"

    def given(self, variable):
        """The value of a test variable in this case."""
        return GIVEN["cases"][self.case].get(variable, GIVEN["all"].get(variable))


def sources(build_dir_prefix="packer/"):
    found = []
    for file in sorted(RENDERED.glob("*/*/*/source.json")):
        case, key, name = file.relative_to(RENDERED).parts[:3]
        line = LINES[key]
        if line["build_dir"].startswith(build_dir_prefix):
            found.append(Source(case, line, name, file.parent / "cd", json.loads(file.read_text())))
    if not found:
        raise AssertionError(f"nothing rendered under {RENDERED} for {build_dir_prefix}")
    return found


def for_each(build_dir_prefix="packer/", read=None):
    """Runs a test once per source, each failure on its own; `read` makes the test's second argument of a source."""

    def decorate(test):
        @functools.wraps(test)
        def wrapped(self):
            for source in sources(build_dir_prefix):
                with self.subTest(str(source)):
                    test(self, source, *([] if read is None else [read(source)]))

        return wrapped

    return decorate


def run(*command, **options):
    """Runs a validator; its output is the failure's message."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout

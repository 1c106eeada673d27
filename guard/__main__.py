"""The command ``audience-guard``, also as ``python -m guard``."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command and leave the process with its exit code."""
    from guard.cli.main import run  # noqa: PLC0415 - so that `import guard.__main__` runs nothing

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

"""The command ``audience-guard``, also as ``python -m guard``."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command and exit with its exit code."""
    from guard.cli.signals import InterruptedBySignal, stop_on_signals  # noqa: PLC0415 - importing this runs nothing

    try:
        stop_on_signals()
        from guard.cli.main import run  # noqa: PLC0415 - a signal may come while it is imported

        code = run(sys.argv[1:])
    except InterruptedBySignal as interrupt:
        code = interrupt.exit_code
    except Exception as error:  # noqa: BLE001 - without this, a missing package would exit with Python's 1
        sys.stderr.write(
            f"audience-guard: the command cannot start ({type(error).__name__}: {str(error)!a}); nothing was sent\n"
            "  hint: unset PYTHONPATH, and install audience-guard again, in its own environment\n"
        )
        code = 2
    sys.exit(code)


if __name__ == "__main__":
    main()

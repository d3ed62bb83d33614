"""``python -m tui`` is the command ``thp``."""

from tui.cli import main

if __name__ == "__main__":
    main()

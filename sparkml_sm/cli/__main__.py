"""`python -m sparkml_sm.cli`, which is `sparkml-sm`."""

from __future__ import annotations

from sparkml_sm.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

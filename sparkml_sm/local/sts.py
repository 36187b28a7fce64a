"""STS: who the caller is."""
# ruff: noqa: D102 - what an operation does is in AWS's own reference.

from __future__ import annotations

from typing import Any

from sparkml_sm.local.store import ACCOUNT

__all__ = ["Sts"]


class Sts:
    """The operations of STS."""

    def get_caller_identity(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {
            "UserId": "AIDALOCALSAGEMAKER00",
            "Account": ACCOUNT,
            "Arn": f"arn:aws:iam::{ACCOUNT}:user/local",
        }

"""Files that extensions generate: those that stay the same are not read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_changed(path: Path, text: str) -> None:
    """Write a file unless it says that already."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    """Let a folder hold these files and no others."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        write_changed(folder / name, text)

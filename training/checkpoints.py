"""Checkpoints in a folder: written whole or not at all, the newest few and milestones kept."""

import os
from pathlib import Path

import torch

KEEP = 3
MILESTONE_TOKENS = 10_000_000


class Checkpoints:
    """`step-*.pt` by number of steps; `milestone-*M.pt` by millions of tokens, never removed."""

    def __init__(self, folder: Path):
        self.folder = folder

    def newest(self) -> Path | None:
        return max(self.folder.glob("step-*.pt"), default=None)

    def save(self, state: dict) -> Path:
        """Write `state`, and keep it as a milestone if it is the first past one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{state['steps']:08}.pt"
        write(path, state)
        milestone = self.folder / f"milestone-{state['tokens'] // MILESTONE_TOKENS * 10:05}M.pt"
        if state["tokens"] >= MILESTONE_TOKENS and not milestone.exists():
            os.link(path, milestone)
        for old in sorted(self.folder.glob("step-*.pt"))[:-KEEP]:
            old.unlink()
        return path


def write(path: Path, state: dict) -> None:
    """Replace `path` in one step that outlives a loss of power."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def read(path: Path) -> dict:
    return torch.load(path, weights_only=True, map_location="cpu")

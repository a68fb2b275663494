import json
from pathlib import Path


def load_config(path: Path) -> dict:
    """Read a JSON file, or give an empty configuration."""
    if not path.exists():
        return {}
    with path.open() as file:
        return $0


def save_config(path: Path, config: dict) -> None:
    path.write_text(json.dumps(config, indent=2))

"""What models are measured on and beside."""

import gguf
import numpy as np

from blank import blank
from fetch import held_out, load_manifest
from packages import Package
from repositories import lay_out
from static_ngrams import MIN_COUNT, all_entries, most_used, predictions


def test_held_out_packages_are_found_by_ecosystem():
    manifest = {
        "held_out": ["pypi:flask", "maven:gson"],
        "pypi": {"flask": "1", "django": "2"},
        "maven": {"com.google.code.gson:gson": "3", "org.example:other": "4"},
    }
    assert held_out("pypi", manifest) == {"flask": "1"}
    assert held_out("maven", manifest) == {"com.google.code.gson:gson": "3"}


def test_repositories_are_never_trained_on():
    manifest = load_manifest()
    assert set(manifest["repositories"]) <= set(manifest["held_out"])


def test_a_repository_is_laid_out_as_it_is_now(tmp_path):
    def package(*paths: str) -> Package:
        files = [(path, 1, path.encode) for path in paths]
        return Package("npm:@scope/shop", "1", "MIT", lambda: iter(files))

    assert lay_out(package("src/a.ts", "old.ts"), tmp_path) == 2
    assert lay_out(package("src/a.ts"), tmp_path) == 1
    found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ts")]
    assert found == ["shop/src/a.ts"]
    assert (tmp_path / "shop/src/a.ts").read_bytes() == b"src/a.ts"


def test_a_blank_model_has_no_embedding_and_all_else(tmp_path):
    model, out = tmp_path / "model.gguf", tmp_path / "blank.gguf"
    writer = gguf.GGUFWriter(model, "qwen3")
    for name in ("token_embd.weight", "blk.0.attn_q.weight"):
        writer.add_tensor(name, np.ones((4, 8), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    out.write_bytes(blank(model))
    values = {tensor.name: tensor.data for tensor in gguf.GGUFReader(out).tensors}
    assert not values["token_embd.weight"].any()
    assert values["blk.0.attn_q.weight"].all()


def test_the_longest_context_that_says_more_is_asked():
    common, special = [1, 2, 3, 4], [9, 1, 2, 3, 5]
    ids = np.array((common * 3 + [7]) * (2 * MIN_COUNT) + special * MIN_COUNT, np.uint16)
    found = all_entries(ids)
    rows = np.array([[0, 0, 9, 1, 2, 3, 0], [0, 0, 8, 1, 2, 3, 0]], np.uint16)
    assert predictions(found, rows)[:, 6, 0].tolist() == [5, 4]
    assert (predictions(found, rows)[:, :3, 0] == -1).all(), "too little stands before them"
    n_entries = sum(len(one.tokens) for one in found.values())
    fewer = most_used(found, 4)
    assert 4 <= sum(len(one.tokens) for one in fewer.values()) < n_entries

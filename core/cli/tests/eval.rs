//! `inkling eval` on a small corpus and a small repository with the model inside the program.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use inkling_assist::gguf::Dtype;
use serde_json::{Value, json};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A package of two documents in each of two languages of the split "held_out", and a document of another.
fn corpus(folder: &std::path::Path) -> PathBuf {
    let python: String =
        (0..20).map(|n| format!("def read_{n}(path):\n    return open(path).read()\n\n")).collect();
    let rust: String =
        (0..20).map(|n| format!("pub fn value_{n}() -> usize {{\n    {n} + 100\n}}\n\n")).collect();
    let row = |path: &str, split: &str, text: &str| {
        let package = path.split_once('.').unwrap().1;
        json!({ "package": package, "path": path, "language": "any", "split": split, "text": text })
            .to_string()
            + "\n"
    };
    let rows = [
        row("a.py", "held_out", &python),
        row("b.py", "held_out", &python.replace("read", "load")),
        row("a.rs", "held_out", &rust),
        row("b.rs", "held_out", &rust.replace("value", "size")),
        row("c.go", "train", "x"),
    ];
    let path = folder.join("documents.jsonl");
    fs::write(&path, rows.concat()).unwrap();
    path
}

fn eval(args: &[&str]) -> Output {
    inkling(&[&["eval", "lines", "--json"], args].concat())
}

fn inkling(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inkling"));
    command.args(args).env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

fn figures(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn figures_report_and_a_run_that_goes_on() {
    let folder = folder("eval-lines");
    let corpus = corpus(&folder);
    let out = folder.join("out");
    let args = [
        "--corpus",
        corpus.to_str().unwrap(),
        "--limit",
        "4",
        "--keystrokes",
        "--out",
        out.to_str().unwrap(),
    ];
    let first = figures(&eval(&args));
    let n = |group: &str| first[group]["n"].as_u64().unwrap();
    assert_eq!(first["n"].as_u64().unwrap() + n("trivial") + n("repeated"), 8, "four of each language");
    for metric in
        ["exact_match", "edit_similarity", "shown", "ratio_completed", "latency_ms_p50", "latency_ms_p95"]
    {
        assert!(first[metric].as_f64().unwrap() >= 0.0, "{metric}");
    }
    assert!(first["bits_per_byte"].as_f64().unwrap() > 0.0);
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("Exact match by language") && report.contains("<svg"));

    // As if it had been killed in its last line.
    let log = out.join("cases.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(text.lines().count(), 9);
    fs::write(&log, &text[..text.len() - 20]).unwrap();
    let again = figures(&eval(&args));
    assert_eq!(again["exact_match"], first["exact_match"]);
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 9);

    let other = eval(&[&args[..], &["--seed", "2"]].concat());
    assert!(String::from_utf8_lossy(&other.stderr).contains("is of another run; choose another folder"));
}

#[test]
fn a_corpus_that_cannot_be_used_says_why() {
    let folder = folder("eval-bad");
    let corpus = corpus(&folder);
    let message = |args: &[&str]| String::from_utf8_lossy(&eval(args).stderr).into_owned();
    let none = message(&["--corpus", "no-such-file"]);
    assert!(none.contains("cannot open the corpus no-such-file"), "{none}");
    let empty = message(&["--corpus", corpus.to_str().unwrap(), "--split", "test"]);
    assert!(empty.contains("has no document of the split \"test\""), "{empty}");
    fs::write(&corpus, "{}\nnot JSON\n").unwrap();
    let broken = message(&["--corpus", corpus.to_str().unwrap()]);
    assert!(broken.contains("documents.jsonl, line 1: missing field"), "{broken}");
}

#[test]
fn a_repositorys_own_code_is_asked_for_with_and_without_its_other_files() {
    let folder = folder("eval-repo");
    // Files that say much of each other, and one that is not to be read.
    for (name, unit) in [("bottle.py", "bottle"), ("barrel.py", "barrel")] {
        let method = |verb: &str| {
            format!(
                "    def {verb}_{unit}s(self, warehouse):\n        shelves = self.inventory.shelves_of(warehouse)\n        \
                 {verb} = sum(shelf.{verb}_{unit}s for shelf in shelves)\n        return {verb}\n\n"
            )
        };
        let code = format!(
            "class {unit}Store:\n{}",
            ["remaining", "reserved", "returned", "broken"].map(method).concat()
        );
        fs::write(folder.join(name), code).unwrap();
    }
    fs::write(folder.join(".gitignore"), "secret.py\n").unwrap();
    fs::write(folder.join("secret.py"), "password_of_the_cellar = open_the_cellar()\n").unwrap();
    let (root, out) = (folder.to_str().unwrap(), folder.join("out"));
    let args = ["eval", "repo", root, "--json", "--limit", "3", "--ablation", "--out", out.to_str().unwrap()];
    let figures = figures(&inkling(&args));
    let groups = |key: &str| figures[key].as_array().unwrap().clone();
    let names: Vec<Value> = groups("by_context").iter().map(|group| group["name"].clone()).collect();
    assert_eq!(names, ["none", "similar", "related", "recalled", "all"]);
    let [none, similar, recalled, all] =
        [0, 1, 3, 4].map(|idx| groups("by_context")[idx]["bits_per_byte"].as_f64().unwrap());
    assert!(
        similar < none && recalled < none && all < none,
        "the other file says the same: {none} {similar} {recalled} {all}"
    );
    assert_eq!(groups("by_context")[4]["exact_match"], figures["exact_match"]);
    assert_eq!(groups("by_repository")[0]["name"], "eval-repo");
    let log = fs::read_to_string(out.join("cases.jsonl")).unwrap();
    assert!(
        ["mid_line", "statement", "block"].iter().all(|kind| log.contains(&format!("\"kind\":\"{kind}\"")))
    );
    assert!(!log.contains("cellar"));

    let empty = inkling(&["eval", "repo", out.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&empty.stderr).contains("has no source files that may be read"));
    let missing = inkling(&["eval", "repo", "no-such-folder"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read no-such-folder"));
}

/// A change in the quality of suggestions shows here: `UPDATE_EXPECT=1 cargo test -p inkling-cli --test eval`.
#[test]
fn what_the_embedded_model_suggests_is_known() {
    let folder = folder("eval-golden");
    let out = folder.join("out");
    let mut args =
        ["eval", "repo", "--json", "--limit", "2", "--out", out.to_str().unwrap()].map(String::from).to_vec();
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases")).unwrap() {
        let file = file.unwrap().path();
        let [name, extension] =
            [file.file_stem(), file.extension()].map(|part| part.unwrap().to_str().unwrap());
        if extension != "json" {
            let repository = folder.join(name);
            fs::create_dir_all(&repository).unwrap();
            let text = fs::read_to_string(&file).unwrap();
            fs::write(repository.join(file.file_name().unwrap()), text.replace("$0", "")).unwrap();
            // What is no code has nothing to ask for.
            if extension != "md" {
                args.push(repository.to_str().unwrap().to_string());
            }
        }
    }
    args[7..].sort();
    figures(&inkling(&args.iter().map(String::as_str).collect::<Vec<_>>()));
    let log = fs::read_to_string(out.join("cases.jsonl")).unwrap();
    let line = |row: &str| {
        let case: Value = serde_json::from_str(row).unwrap();
        let [path, kind, wanted, suggested] =
            ["path", "kind", "wanted", "suggested"].map(|key| case[key].as_str().unwrap());
        let mark = if suggested.trim_end() == wanted { "right" } else { "wrong" };
        let shown = if case["is_sure"] == true { "shown" } else { "silent" };
        format!("{mark} {shown} {path}:{} {kind}\n  {wanted:?}\n  {suggested:?}\n", case["line"])
    };
    let answers: String = log.lines().skip(1).map(line).collect();
    expect_test::expect_file!["eval.golden"].assert_eq(&answers);
}

#[test]
fn models_are_compared_by_the_same_parts() {
    let folder = folder("eval-compare");
    let code: String = (0..9)
        .map(|n| format!("def area_{n}(width, height):\n    area = width * height\n    return area\n\n"))
        .collect();
    fs::write(folder.join("areas.py"), code).unwrap();
    let random = folder.join("random.gguf");
    fs::write(&random, inkling_fixture::tiny_llama(Dtype::F32, 1)).unwrap();
    let (root, out) = (folder.to_str().unwrap(), folder.join("out"));
    let models = ["eval", "compare", "embedded", random.to_str().unwrap()];
    let to = ["--json", "--repo", root, "--limit", "2", "--executor", "cpu", "--out", out.to_str().unwrap()];
    let compared = figures(&inkling(&[&models[..], &to].concat()));
    let [ours, other] = [0, 1].map(|idx| compared["models"][idx].clone());
    assert_eq!([&ours["model"], &other["model"]], ["embedded", "random"]);
    assert_eq!(ours["n"], other["n"]);
    let of = |model: &Value, key: &str| model[key].as_f64().unwrap();
    assert!(of(&ours, "bits_per_byte") < of(&other, "bits_per_byte"), "one of them has learned something");
    assert!(of(&ours, "memory_bytes") > of(&other, "memory_bytes"));
    assert_eq!(of(&other, "file_bytes") as u64, fs::metadata(&random).unwrap().len());
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("<circle") && report.contains("random"));

    let nobody = inkling(&["eval", "compare", "--repo", root]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("<MODEL>"));
}

#[test]
fn mixing_is_learned_and_written_into_a_model() {
    let folder = folder("eval-mixing");
    let corpus = corpus(&folder);
    let model = folder.join("mixed.gguf");
    let output = Command::new(env!("CARGO_BIN_EXE_inkling"))
        .args(["eval", "mixing", "--json", "--limit", "6", "--corpus"])
        .args([&corpus, &PathBuf::from("--write"), &model])
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let learned = figures(&output);
    let [alone, mixed] = ["bits_per_byte", "bits_per_byte_mixed"].map(|key| learned[key].as_f64().unwrap());
    assert!(mixed < alone, "files of lines that are nearly the same: {mixed} and {alone}");
    let info =
        Command::new(env!("CARGO_BIN_EXE_inkling")).args(["model", "info"]).arg(&model).output().unwrap();
    assert!(String::from_utf8_lossy(&info.stdout).contains("inkling.cache.workspace_mixer"));

    let text = fs::read_to_string(&corpus).unwrap();
    fs::write(&corpus, text.lines().next().unwrap()).unwrap();
    let one = inkling(&["eval", "mixing", "--corpus", corpus.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&one.stderr).contains("the corpus has too few"));
}

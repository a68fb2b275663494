//! From an import as it is written to the files that it means, by each language's own rules.

use inkling_syntax::{Import, Language};

use crate::workspace::{FileId, Paths, split};

/// The files in which `name` may be declared, the likeliest first, if `import` stands in the file `from`;
/// without a name, those that the import as a whole means.
pub(crate) fn resolve(
    paths: &Paths,
    language: Language,
    from: &str,
    import: &Import,
    name: Option<&str>,
) -> Vec<FileId> {
    resolve_path(paths, language, from, &import.path, name)
}

/// As [`resolve`], by the import's path.
pub(crate) fn resolve_path(
    paths: &Paths,
    language: Language,
    from: &str,
    path: &str,
    name: Option<&str>,
) -> Vec<FileId> {
    let mut found = match language {
        Language::Python => python(paths, from, path, name),
        Language::TypeScript | Language::Tsx | Language::JavaScript => ecmascript(paths, from, path),
        Language::Java => jvm(paths, from, path, "java"),
        Language::Kotlin => [jvm(paths, from, path, "kt"), jvm(paths, from, path, "java")].concat(),
        Language::Go => go(paths, from, path),
        Language::Rust => rust(paths, from, path, name),
        Language::C | Language::Cpp => include(paths, from, path),
        Language::CSharp => csharp(paths, from, path),
        Language::PlainText => Vec::new(),
    };
    let own = paths.get(from);
    found.retain(|id| Some(*id) != own);
    let mut seen = Vec::new();
    found.retain(|id| {
        !seen.contains(id) && {
            seen.push(*id);
            true
        }
    });
    found
}

fn python(paths: &Paths, from: &str, module: &str, name: Option<&str>) -> Vec<FileId> {
    let n_dots = module.bytes().take_while(|&byte| byte == b'.').count();
    let rest = module[n_dots..].replace('.', "/");
    let find = |stem: &str| -> Vec<FileId> {
        let files = [format!("{stem}.py"), format!("{stem}/__init__.py"), format!("{stem}.pyi")];
        let at = |file: &String| match n_dots {
            0 => paths.ending_with(file, from),
            _ => paths.get(file),
        };
        files.iter().filter_map(at).collect()
    };
    let mut base = rest.clone();
    if n_dots > 0 {
        let mut folder = split(from).0;
        for _ in 1..n_dots {
            folder = split(folder).0;
        }
        base = join(folder, &rest);
    }
    // `from package import module`
    let module = name.map_or_else(Vec::new, |name| find(join(&base, name).as_str()));
    [module, find(&base)].concat()
}

fn ecmascript(paths: &Paths, from: &str, module: &str) -> Vec<FileId> {
    const ENDS: [&str; 16] = [
        "",
        ".ts",
        ".tsx",
        ".js",
        ".jsx",
        ".mts",
        ".mjs",
        ".cts",
        ".cjs",
        ".d.ts",
        "/index.ts",
        "/index.tsx",
        "/index.js",
        "/index.jsx",
        "/src/index.ts",
        "/index.mjs",
    ];
    let relative = module.starts_with('.');
    let stem = match module.strip_prefix("@/").or_else(|| module.strip_prefix("~/")) {
        Some(inside) => inside.to_string(),
        None if relative => join(split(from).0, module),
        // A package of another name than its folder is not found; one of the workspace often is.
        None => module.trim_start_matches('@').to_string(),
    };
    if !relative && !stem.contains('/') && !module.starts_with(['@', '~']) {
        return Vec::new();
    }
    // TypeScript writes `./a.js` for `./a.ts`.
    let bare = stem.strip_suffix(".js").or_else(|| stem.strip_suffix(".mjs")).unwrap_or(&stem);
    let at = |end: &&str| {
        let find = |stem: &str| {
            let file = format!("{stem}{end}");
            if relative { paths.get(&file) } else { paths.ending_with(&file, from) }
        };
        find(&stem).or_else(|| find(bare))
    };
    ENDS.iter().filter_map(at).take(1).collect()
}

fn jvm(paths: &Paths, from: &str, name: &str, extension: &str) -> Vec<FileId> {
    let name = name.trim_end_matches(".*").replace('.', "/");
    let file = |stem: &str| paths.ending_with(&format!("{stem}.{extension}"), from);
    let outer = split(&name).0;
    // A type; a member of a type; everything of a package, or a function in it.
    if let Some(id) = file(&name).or_else(|| file(outer)) {
        return vec![id];
    }
    let whole = paths.in_folder_ending_with(&name, from);
    if whole.is_empty() { paths.in_folder_ending_with(outer, from) } else { whole }
}

fn go(paths: &Paths, from: &str, import: &str) -> Vec<FileId> {
    let mut end = import;
    loop {
        let found = paths.in_folder_ending_with(end, from);
        match end.split_once('/') {
            Some((_, shorter)) if found.is_empty() => end = shorter,
            _ => return found,
        }
    }
}

/// The files of `path::name`: each is that of a module on the way, the longest way first.
fn rust(paths: &Paths, from: &str, path: &str, name: Option<&str>) -> Vec<FileId> {
    let ways = use_paths(path);
    let named = ways.iter().filter(|way| name.is_none_or(|name| way.last() == Some(&name)));
    named.flat_map(|way| rust_way(paths, from, way)).collect()
}

fn rust_way(paths: &Paths, from: &str, way: &[&str]) -> Vec<FileId> {
    let (folder, file) = split(from);
    let root = match from.rfind("src/") {
        Some(at) if at == 0 || from[..at].ends_with('/') => from[..at + 3].to_string(),
        _ => folder.to_string(),
    };
    let stem = file.trim_end_matches(".rs");
    let own = if matches!(stem, "mod" | "lib" | "main") { folder.to_string() } else { join(folder, stem) };
    let mut rest = way;
    let mut base = match rest.first() {
        Some(&"crate") => root,
        Some(&"self") => own,
        Some(&"super") => own.clone(),
        Some(first) => match other_crate(paths, from, first) {
            Some(src) => src,
            // A child module, or a name of this one.
            None => return modules(paths, &own, rest),
        },
        None => return Vec::new(),
    };
    if rest.first() != Some(&"super") {
        rest = &rest[1..];
    }
    while rest.first() == Some(&"super") {
        base = split(&base).0.to_string();
        rest = &rest[1..];
    }
    modules(paths, &base, rest)
}

/// The module files on the way from the folder `base`, the deepest first.
fn modules(paths: &Paths, base: &str, way: &[&str]) -> Vec<FileId> {
    let mut found = Vec::new();
    for n in (1..=way.len()).rev() {
        let stem = join(base, &way[..n].join("/"));
        found.extend(paths.get(&format!("{stem}.rs")).or_else(|| paths.get(&format!("{stem}/mod.rs"))));
    }
    let own =
        [format!("{base}.rs"), format!("{base}/mod.rs"), format!("{base}/lib.rs"), format!("{base}/main.rs")];
    found.extend(own.iter().filter_map(|file| paths.get(file)));
    found
}

/// The `src` folder of a crate of the workspace; its folder may lack the project's prefix.
fn other_crate(paths: &Paths, from: &str, name: &str) -> Option<String> {
    let dashed = name.replace('_', "-");
    let short = name.split_once('_').map_or(name, |(_, short)| short);
    let names = [name, &dashed, short, &short.replace('_', "-")].map(|name| format!("{name}/src/lib.rs"));
    let lib = names.iter().find_map(|end| paths.ending_with_path(end, from))?;
    Some(split(lib).0.to_string())
}

/// The paths that a `use` declaration's tree is short for: `a::{b, c as d}` is `a::b` and `a::c`.
pub(crate) fn use_paths(tree: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    let mut way: Vec<&str> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut has_name = false;
    let mut rest = tree;
    loop {
        let n = rest.find(['{', '}', ',', ':']).unwrap_or(rest.len());
        let part = rest[..n].split(" as ").next().unwrap_or_default().trim();
        if !part.is_empty() {
            way.push(part);
            has_name = true;
        }
        let mark = rest.as_bytes().get(n);
        match mark {
            Some(b':') => {}
            Some(b'{') => open.push(way.len()),
            _ => {
                if has_name {
                    found.push(way.clone());
                }
                way.truncate(open.last().copied().unwrap_or(0));
            }
        }
        has_name &= mark == Some(&b':');
        if mark == Some(&b'}') {
            open.pop();
            way.truncate(open.last().copied().unwrap_or(0));
        }
        match rest.get(n + 1..) {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

fn include(paths: &Paths, from: &str, file: &str) -> Vec<FileId> {
    let beside = paths.get(&join(split(from).0, file));
    beside.or_else(|| paths.ending_with(file, from)).into_iter().collect()
}

fn csharp(paths: &Paths, from: &str, namespace: &str) -> Vec<FileId> {
    let folder = namespace.replace('.', "/");
    let mut end = folder.as_str();
    loop {
        let found = paths.in_folder_ending_with(end, from);
        match end.split_once('/') {
            Some((_, shorter)) if found.is_empty() => end = shorter,
            _ => return found,
        }
    }
}

/// A folder and a path relative to it, without `.` and `..`.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tree: &str, expected: &[&str]) {
        let joined: Vec<String> = use_paths(tree).iter().map(|way| way.join("::")).collect();
        assert_eq!(joined, expected, "{tree}");
    }

    #[test]
    fn use_trees_are_spelled_out() {
        check("a::b::C", &["a::b::C"]);
        check("a::{b, c::{D, E as F}, self}", &["a::b", "a::c::D", "a::c::E", "a::self"]);
        check("a::*", &["a::*"]);
        check("{a, b::c}", &["a", "b::c"]);
        check("a::{\n    b,\n}", &["a::b"]);
        check("", &[]);
        check("}}{{::,", &[]);
    }
}

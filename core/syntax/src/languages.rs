//! The table of languages.

/// A language that a source text may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names say it all.
pub enum Language {
    Rust,
    Python,
    TypeScript,
    Tsx,
    JavaScript,
    Java,
    Kotlin,
    Go,
    C,
    Cpp,
    CSharp,
    /// Anything else: no grammar, no tree.
    PlainText,
}

impl Language {
    /// Every language, in the order of the table.
    pub const ALL: [Language; 12] = [
        Language::Rust,
        Language::Python,
        Language::TypeScript,
        Language::Tsx,
        Language::JavaScript,
        Language::Java,
        Language::Kotlin,
        Language::Go,
        Language::C,
        Language::Cpp,
        Language::CSharp,
        Language::PlainText,
    ];

    /// The language of a file, by its extension; [`Language::PlainText`] if that is unknown.
    pub fn from_path(path: &str) -> Language {
        let file_name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let extension = file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
        Self::find(|row| row.extensions.iter().any(|e| e.eq_ignore_ascii_case(extension)))
    }

    /// The language with this LSP language identifier; [`Language::PlainText`] if it is unknown.
    pub fn from_id(id: &str) -> Language {
        Self::find(|row| row.ids.contains(&id))
    }

    /// The LSP language identifier.
    pub fn id(self) -> &'static str {
        self.row().ids[0]
    }

    /// The name that people use, such as `C#`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What begins a comment that ends with its line.
    pub fn line_comment(self) -> &'static str {
        self.row().line_comment
    }

    /// The extension, without its dot, that a new file of this language would have.
    pub fn extension(self) -> &'static str {
        self.row().extensions[0]
    }

    /// Whether indentation makes the blocks.
    pub(crate) fn is_indented(self) -> bool {
        self == Language::Python
    }

    pub(crate) fn grammar(self) -> Option<tree_sitter::Language> {
        self.row().grammar.map(|grammar| grammar())
    }

    pub(crate) fn query(self) -> &'static str {
        self.row().query
    }

    fn find(matches: impl Fn(&Row) -> bool) -> Language {
        Self::ALL.into_iter().find(|language| matches(language.row())).unwrap_or(Language::PlainText)
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

/// What the project knows of a language.
struct Row {
    name: &'static str,
    /// The LSP identifier, then others that editors use for the same grammar.
    ids: &'static [&'static str],
    extensions: &'static [&'static str],
    line_comment: &'static str,
    grammar: Option<fn() -> tree_sitter::Language>,
    /// Its file in `queries/`; `rust.scm` explains what is captured.
    query: &'static str,
}

static TABLE: [Row; Language::ALL.len()] = [
    Row {
        name: "Rust",
        ids: &["rust"],
        extensions: &["rs"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_rust::LANGUAGE.into()),
        query: include_str!("../queries/rust.scm"),
    },
    Row {
        name: "Python",
        ids: &["python"],
        extensions: &["py", "pyi", "pyw"],
        line_comment: "#",
        grammar: Some(|| tree_sitter_python::LANGUAGE.into()),
        query: include_str!("../queries/python.scm"),
    },
    Row {
        name: "TypeScript",
        ids: &["typescript"],
        extensions: &["ts", "mts", "cts"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()),
        query: TYPESCRIPT_QUERY,
    },
    Row {
        name: "TSX",
        ids: &["typescriptreact"],
        extensions: &["tsx"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_typescript::LANGUAGE_TSX.into()),
        query: TYPESCRIPT_QUERY,
    },
    Row {
        name: "JavaScript",
        ids: &["javascript", "javascriptreact"],
        extensions: &["js", "jsx", "mjs", "cjs"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_javascript::LANGUAGE.into()),
        query: concat!(include_str!("../queries/javascript.scm"), include_str!("../queries/ecmascript.scm")),
    },
    Row {
        name: "Java",
        ids: &["java"],
        extensions: &["java"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_java::LANGUAGE.into()),
        query: include_str!("../queries/java.scm"),
    },
    Row {
        name: "Kotlin",
        ids: &["kotlin"],
        extensions: &["kt", "kts"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_kotlin_ng::LANGUAGE.into()),
        query: include_str!("../queries/kotlin.scm"),
    },
    Row {
        name: "Go",
        ids: &["go"],
        extensions: &["go"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_go::LANGUAGE.into()),
        query: include_str!("../queries/go.scm"),
    },
    Row {
        name: "C",
        ids: &["c"],
        extensions: &["c"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_c::LANGUAGE.into()),
        query: include_str!("../queries/c.scm"),
    },
    Row {
        name: "C++",
        ids: &["cpp"],
        // A header `.h` may be either; the grammar of C++ reads both.
        extensions: &["cpp", "cc", "cxx", "hpp", "hh", "hxx", "h", "ino"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_cpp::LANGUAGE.into()),
        query: concat!(include_str!("../queries/cpp.scm"), include_str!("../queries/c.scm")),
    },
    Row {
        name: "C#",
        ids: &["csharp"],
        extensions: &["cs", "csx"],
        line_comment: "//",
        grammar: Some(|| tree_sitter_c_sharp::LANGUAGE.into()),
        query: include_str!("../queries/csharp.scm"),
    },
    Row {
        name: "Plain text",
        ids: &["plaintext"],
        extensions: &["txt"],
        line_comment: "#",
        grammar: None,
        query: "",
    },
];

const TYPESCRIPT_QUERY: &str =
    concat!(include_str!("../queries/typescript.scm"), include_str!("../queries/ecmascript.scm"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_path_and_identifier() {
        let check = |path, id, language| {
            assert_eq!(Language::from_path(path), language, "{path}");
            assert_eq!(Language::from_id(id), language, "{id}");
        };
        check("src/lib.rs", "rust", Language::Rust);
        check("C:\\web\\App.TSX", "typescriptreact", Language::Tsx);
        check("a.test.mjs", "javascriptreact", Language::JavaScript);
        check("Program.cs", "csharp", Language::CSharp);
        check("v1.rs/README", "markdown", Language::PlainText);
        check("", "", Language::PlainText);
    }

    #[test]
    fn the_table_is_in_the_order_of_the_languages() {
        for language in Language::ALL {
            assert_eq!(Language::from_id(language.id()), language);
            assert_eq!(Language::from_path(&format!("a.{}", language.extension())), language);
        }
    }
}

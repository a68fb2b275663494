//! Declarations by the look of their lines: what the index knows of a file before it is parsed.
//!
//! A line declares something if it begins with a keyword that does, or, in languages that have none for
//! functions, if a name and a parenthesis stand where a function could be declared. Indentation tells what
//! belongs to what. Well-formatted code is read right; the syntax pass corrects the rest.

use inkling_syntax::{Language, SymbolKind};

use super::file::Declaration;

/// Columns of a tab.
const TAB: usize = 4;

/// The declarations of `text`, in its order.
pub(super) fn declarations(text: &str, language: Language) -> Vec<Declaration> {
    let mut reader = Reader { bytes: text.as_bytes(), language, found: Vec::new(), open: Vec::new(), end: 0 };
    let mut start = 0;
    for newline in memchr::memchr_iter(b'\n', text.as_bytes()) {
        reader.line(start, newline);
        start = newline + 1;
    }
    reader.line(start, text.len());
    reader.close(0);
    reader.found
}

struct Reader<'a> {
    bytes: &'a [u8],
    language: Language,
    found: Vec<Declaration>,
    /// The declarations that may go on, each with the columns it is indented by.
    open: Vec<(usize, usize)>,
    /// The end of the last line that was not blank.
    end: usize,
}

impl Reader<'_> {
    fn line(&mut self, start: usize, end: usize) {
        let line = &self.bytes[start..end];
        let n_blank = line.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
        let head = line[n_blank..].trim_ascii_end();
        if head.is_empty() || is_aside(head, self.language) {
            return;
        }
        let indent = line[..n_blank].iter().map(|&byte| if byte == b'\t' { TAB } else { 1 }).sum::<usize>();
        if !goes_on(head) {
            self.close(indent);
            self.declare(start + n_blank, head, indent);
        }
        self.end = start + n_blank + head.len();
    }

    /// Ends what cannot hold a line with this indentation.
    fn close(&mut self, indent: usize) {
        while let Some((idx, _)) = self.open.pop_if(|(_, column)| *column >= indent) {
            self.found[idx].range.end = self.end as u32;
        }
    }

    fn declare(&mut self, start: usize, head: &[u8], indent: usize) {
        let parent = self.open.last().map(|(idx, _)| self.found[*idx].kind);
        let is_code = parent.is_some_and(SymbolKind::is_callable);
        // Functions in functions are rare in languages without a keyword for them.
        let Some((kind, name)) = by_keyword(head, self.language, is_code)
            .or_else(|| if is_code { None } else { by_parenthesis(head, self.language, parent) })
        else {
            return;
        };
        let at = |offset: usize| (start + offset) as u32;
        let depth = self.open.len().min(u8::MAX as usize) as u8;
        self.open.push((self.found.len(), indent));
        self.found.push(Declaration {
            kind: kind.inside(parent),
            depth,
            range: at(0)..at(head.len()),
            name: at(name.start)..at(name.end),
            body: None,
        });
    }
}

/// Comments and preprocessor lines, which may stand at any column.
fn is_aside(head: &[u8], language: Language) -> bool {
    match head[0] {
        b'/' => head.get(1).is_some_and(|byte| matches!(byte, b'/' | b'*')),
        b'*' => true,
        b'#' => !matches!(language, Language::C | Language::Cpp) || !head.starts_with(b"#define"),
        _ => false,
    }
}

/// Whether a line at a declaration's own column belongs to it: closers, an opening brace, clauses.
fn goes_on(head: &[u8]) -> bool {
    matches!(head[0], b'}' | b')' | b']' | b'{') || head.starts_with(b"where")
}

/// A declaration that a keyword begins: its kind, and where its name is in `head`.
fn by_keyword(
    head: &[u8],
    language: Language,
    is_code: bool,
) -> Option<(SymbolKind, std::ops::Range<usize>)> {
    let mut words = Words { bytes: head, at: 0 };
    loop {
        let word = words.next_word()?;
        if let Some(kind) = keyword(&head[word.clone()], language) {
            if is_code && kind.is_value() {
                return None;
            }
            return named(kind, word.end, head, language);
        }
        if !is_modifier(&head[word]) {
            return None;
        }
        words.skip_group();
    }
}

/// The name after a keyword.
fn named(
    kind: SymbolKind,
    after: usize,
    head: &[u8],
    language: Language,
) -> Option<(SymbolKind, std::ops::Range<usize>)> {
    let mut words = Words { bytes: head, at: after };
    match (language, kind) {
        (Language::Rust, SymbolKind::Impl) => {
            let of = memchr::memmem::find(head, b" for ").map(|at| at + 5);
            words.at = of.unwrap_or(after);
            if of.is_none() {
                words.skip_angles();
            }
            let name = words.last_of_path()?;
            return Some((kind, name));
        }
        // A method's receiver.
        (Language::Go, SymbolKind::Function) => words.skip_group(),
        (Language::Kotlin, SymbolKind::Function) => words.skip_angles(),
        _ => {}
    }
    let mut name = words.next_word()?;
    // `enum class`, `macro_rules!`, `const fn`, `data class` and their like.
    let mut kind = kind;
    while let Some(inner) = keyword(&head[name.clone()], language).filter(|_| words.has_word()) {
        kind = if kind == SymbolKind::Enum { kind } else { inner };
        name = words.next_word()?;
    }
    if is_modifier(&head[name.clone()]) {
        name = words.next_word()?;
    }
    // An extension: `fun Shop.total()`.
    while language == Language::Kotlin && head.get(words.at) == Some(&b'.') {
        words.at += 1;
        name = words.next_word()?;
    }
    Some((of_value(kind, &head[name.end..], language)?, name))
}

/// What a keyword for values declares there, by what follows the name.
fn of_value(kind: SymbolKind, rest: &[u8], language: Language) -> Option<SymbolKind> {
    use Language::{JavaScript, Tsx, TypeScript};
    let rest = rest.trim_ascii_start();
    if matches!(language, TypeScript | Tsx | JavaScript) && kind.is_value() {
        let is_function = memchr::memmem::find(rest, b"=>").is_some()
            || memchr::memmem::find(rest, b"= function").is_some()
            || rest.ends_with(b"= (");
        return Some(if is_function { SymbolKind::Function } else { kind });
    }
    // `type = 3` is no declaration.
    if kind == SymbolKind::Type && !matches!(language, Language::Rust | Language::Kotlin) {
        let is_type = match language {
            Language::Go => !rest.is_empty(),
            _ => rest.first().is_some_and(|byte| matches!(byte, b'=' | b'<')),
        };
        return is_type.then_some(match rest {
            _ if language == Language::Go && rest.starts_with(b"struct") => SymbolKind::Class,
            _ if language == Language::Go && rest.starts_with(b"interface") => SymbolKind::Interface,
            _ => kind,
        });
    }
    Some(kind)
}

/// A function by its parenthesis, in languages that have no keyword for it.
fn by_parenthesis(
    head: &[u8],
    language: Language,
    parent: Option<SymbolKind>,
) -> Option<(SymbolKind, std::ops::Range<usize>)> {
    use Language::{C, CSharp, Cpp, Java, JavaScript, Tsx, TypeScript};
    let is_member = parent.is_some_and(SymbolKind::has_members);
    let needs_type = match language {
        TypeScript | Tsx | JavaScript if is_member => false,
        Java | CSharp if is_member => false,
        C | Cpp => !is_member,
        _ => return None,
    };
    let open = memchr::memchr(b'(', head)?;
    let is_type = |byte: u8| {
        is_word(byte)
            || matches!(
                byte,
                b' ' | b'*' | b'&' | b'<' | b'>' | b',' | b'[' | b']' | b':' | b'?' | b'~' | b'@'
            )
    };
    if !head[..open].iter().all(|&byte| is_type(byte)) {
        return None;
    }
    let before = head[..open].trim_ascii_end();
    let n_name = before.iter().rev().take_while(|&&byte| is_word(byte)).count();
    let name = before.len() - n_name..before.len();
    let is_call = name.is_empty() || before[name.start].is_ascii_digit() || is_control(&before[name.clone()]);
    let first = Words { bytes: head, at: 0 }.next_word()?;
    if is_call || is_control(&head[first.clone()]) || needs_type && first.start == name.start {
        return None;
    }
    Some((SymbolKind::Function, name))
}

#[rustfmt::skip]
fn keyword(word: &[u8], language: Language) -> Option<SymbolKind> {
    use SymbolKind::{Class, Constant, Enum, Function, Impl, Interface, Macro, Module, Type, Variable};
    let table: &[(&[u8], SymbolKind)] = match language {
        Language::Rust => &[
            (b"fn", Function), (b"struct", Class), (b"union", Class), (b"enum", Enum),
            (b"trait", Interface), (b"impl", Impl), (b"mod", Module), (b"type", Type), (b"const", Constant),
            (b"static", Variable), (b"macro_rules", Macro),
        ],
        Language::Python => &[(b"def", Function), (b"class", Class)],
        Language::TypeScript | Language::Tsx | Language::JavaScript => &[
            (b"function", Function), (b"class", Class), (b"interface", Interface), (b"enum", Enum),
            (b"type", Type), (b"namespace", Module), (b"const", Variable), (b"let", Variable),
            (b"var", Variable),
        ],
        Language::Java => &[
            (b"class", Class), (b"interface", Interface), (b"enum", Enum), (b"record", Class),
        ],
        Language::Kotlin => &[
            (b"class", Class), (b"interface", Interface), (b"object", Class), (b"fun", Function),
            (b"typealias", Type), (b"val", Variable), (b"var", Variable), (b"enum", Enum),
        ],
        Language::Go => &[
            (b"func", Function), (b"type", Type), (b"const", Constant), (b"var", Variable),
        ],
        Language::C => &[
            (b"struct", Class), (b"union", Class), (b"enum", Enum), (b"define", Macro),
        ],
        Language::Cpp => &[
            (b"struct", Class), (b"class", Class), (b"union", Class), (b"enum", Enum),
            (b"namespace", Module), (b"define", Macro),
        ],
        Language::CSharp => &[
            (b"class", Class), (b"struct", Class), (b"record", Class), (b"interface", Interface),
            (b"enum", Enum), (b"namespace", Module), (b"delegate", Type),
        ],
        Language::PlainText => &[],
    };
    table.iter().find(|(keyword, _)| *keyword == word).map(|(_, kind)| *kind)
}

#[rustfmt::skip]
fn is_modifier(word: &[u8]) -> bool {
    const MODIFIERS: [&[u8]; 46] = [
        b"pub", b"export", b"default", b"declare", b"public", b"private", b"protected", b"internal",
        b"static", b"async", b"abstract", b"final", b"override", b"open", b"data", b"sealed", b"inline",
        b"unsafe", b"extern", b"const", b"readonly", b"virtual", b"partial", b"suspend", b"operator",
        b"infix", b"value", b"annotation", b"companion", b"lateinit", b"tailrec", b"expect", b"actual",
        b"native", b"synchronized", b"strictfp", b"new", b"typedef", b"template", b"constexpr",
        b"explicit", b"friend", b"ref", b"mut", b"inner", b"external",
    ];
    MODIFIERS.contains(&word)
}

/// Words that begin a statement, or stand before a parenthesis that is no parameter list.
#[rustfmt::skip]
fn is_control(word: &[u8]) -> bool {
    const CONTROL: [&[u8]; 26] = [
        b"if", b"for", b"while", b"switch", b"return", b"catch", b"else", b"do", b"throw", b"await",
        b"yield", b"case", b"assert", b"using", b"lock", b"sizeof", b"delete", b"goto", b"super",
        b"this", b"import", b"export", b"foreach", b"fixed", b"typeof", b"defined",
    ];
    CONTROL.contains(&word)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// The words of a line, with the spaces, and nothing else, between them passed over.
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Words<'_> {
    fn next_word(&mut self) -> Option<std::ops::Range<usize>> {
        self.skip_blank();
        let start = self.at;
        let rest = &self.bytes[start.min(self.bytes.len())..];
        self.at += rest.iter().take_while(|&&byte| is_word(byte)).count();
        (self.at > start && !self.bytes[start].is_ascii_digit()).then_some(start..self.at)
    }

    fn has_word(&self) -> bool {
        let mut ahead = Words { bytes: self.bytes, at: self.at };
        ahead.next_word().is_some()
    }

    /// The last name of `a::b::Name<T>`.
    fn last_of_path(&mut self) -> Option<std::ops::Range<usize>> {
        while self.bytes.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'&' | b'\'')) {
            self.at += 1;
        }
        let mut name = self.next_word()?;
        while self.bytes[self.at..].starts_with(b"::") {
            self.at += 2;
            name = self.next_word()?;
        }
        Some(name)
    }

    fn skip_blank(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'!' | b'#' | b'*')) {
            self.at += 1;
        }
    }

    /// Passes over `(…)`, as in `pub(crate)` and before a Go method, and over the string of `extern "C"`.
    fn skip_group(&mut self) {
        self.skip_blank();
        let close = match self.bytes.get(self.at) {
            Some(b'(') => b')',
            Some(b'"') => b'"',
            Some(b'<') => return self.skip_angles(),
            _ => return,
        };
        let rest = &self.bytes[self.at + 1..];
        self.at += memchr::memchr(close, rest).map_or(0, |n_inside| n_inside + 2);
    }

    /// Passes over `<…>`.
    fn skip_angles(&mut self) {
        self.skip_blank();
        if self.bytes.get(self.at) != Some(&b'<') {
            return;
        }
        let mut depth = 0_usize;
        for (n, byte) in self.bytes[self.at..].iter().enumerate() {
            match byte {
                b'<' => depth += 1,
                b'>' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at += n + 1;
                return;
            }
        }
    }
}

//! Where secrets stand in a text.
//!
//! Tokens of known services have a known beginning, alphabet and length. Private keys and addresses with a
//! password have a form. Passwords and keys of one's own are told by the name that they are assigned to, and by
//! looking like no word, name or example.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

/// What kind of secret was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// A service's token or key.
    Token,
    /// A private key's lines.
    PrivateKey,
    /// The password in an address.
    ConnectionPassword,
    /// A value that a name such as `password` or `api_key` is given.
    Assigned,
}

impl SecretKind {
    /// As the plain-text forms write it.
    pub fn name(self) -> &'static str {
        match self {
            SecretKind::Token => "token",
            SecretKind::PrivateKey => "private key",
            SecretKind::ConnectionPassword => "connection password",
            SecretKind::Assigned => "assigned secret",
        }
    }
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) kind: SecretKind,
    pub(super) range: Range<usize>,
}

impl Finding {
    pub(super) fn moved_back(&self, n: usize) -> Finding {
        Finding { kind: self.kind, range: self.range.start - n..self.range.end - n }
    }
}

/// The secrets in `text`, in its order, none overlapping another.
pub(super) fn findings(text: &str) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for trigger in triggers().find_overlapping_iter(text) {
        let end = found.last().map_or(0, |last| last.range.end);
        let finding = match TRIGGERS.get(trigger.pattern().as_usize()).map(|(_, trigger)| trigger) {
            Some(Trigger::Token(shape)) => token(text, trigger.start(), trigger.end(), shape),
            Some(Trigger::Pem) => private_key(text, trigger.start()),
            Some(Trigger::Address) => connection_password(text, trigger.end()),
            Some(Trigger::Header) => header(text, trigger.end()),
            Some(Trigger::Name) => assigned(text, trigger.start()),
            None => None,
        };
        if let Some(finding) = finding
            && finding.range.start >= end
        {
            found.push(finding);
        }
    }
    found
}

/// What may begin a secret.
enum Trigger {
    Token(Shape),
    Pem,
    /// Before a user and a password.
    Address,
    /// Before the credentials of a request.
    Header,
    /// Part of the name of something secret.
    Name,
}

/// What follows a token's beginning.
struct Shape {
    min: usize,
    alphabet: Alphabet,
}

#[derive(Clone, Copy)]
enum Alphabet {
    UpperDigit,
    AlphaNumeric,
    /// With `_` and `-`.
    Url,
    /// With `.` too.
    Dotted,
    /// A path.
    Path,
}

const fn of(min: usize, alphabet: Alphabet) -> Trigger {
    Trigger::Token(Shape { min, alphabet })
}

/// What a text may begin.
#[rustfmt::skip]
const TRIGGERS: [(&str, Trigger); 64] = [
    ("AKIA", of(16, Alphabet::UpperDigit)), ("ASIA", of(16, Alphabet::UpperDigit)),
    ("ghp_", of(30, Alphabet::AlphaNumeric)), ("gho_", of(30, Alphabet::AlphaNumeric)),
    ("ghu_", of(30, Alphabet::AlphaNumeric)), ("ghs_", of(30, Alphabet::AlphaNumeric)),
    ("ghr_", of(30, Alphabet::AlphaNumeric)), ("github_pat_", of(22, Alphabet::Url)),
    ("glpat-", of(20, Alphabet::Url)), ("xoxb-", of(16, Alphabet::Url)), ("xoxp-", of(16, Alphabet::Url)),
    ("xoxa-", of(16, Alphabet::Url)), ("xoxs-", of(16, Alphabet::Url)), ("xoxr-", of(16, Alphabet::Url)),
    ("sk_live_", of(16, Alphabet::AlphaNumeric)), ("rk_live_", of(16, Alphabet::AlphaNumeric)),
    ("sk_test_", of(16, Alphabet::AlphaNumeric)), ("sk-", of(24, Alphabet::Url)),
    ("AIza", of(35, Alphabet::Url)), ("npm_", of(36, Alphabet::AlphaNumeric)),
    ("pypi-", of(50, Alphabet::Url)), ("hf_", of(30, Alphabet::AlphaNumeric)),
    ("SG.", of(40, Alphabet::Dotted)), ("ya29.", of(20, Alphabet::Url)),
    ("dop_v1_", of(40, Alphabet::AlphaNumeric)), ("shpat_", of(32, Alphabet::AlphaNumeric)),
    ("eyJ", of(40, Alphabet::Dotted)), ("hooks.slack.com/services/", of(30, Alphabet::Path)),
    ("-----BEGIN ", Trigger::Pem), ("-----END ", Trigger::Pem), ("://", Trigger::Address),
    ("Bearer ", Trigger::Header), ("Basic ", Trigger::Header), ("password", Trigger::Name),
    ("Password", Trigger::Name), ("PASSWORD", Trigger::Name), ("passwd", Trigger::Name),
    ("PASSWD", Trigger::Name), ("pwd", Trigger::Name), ("Pwd", Trigger::Name), ("PWD", Trigger::Name),
    ("secret", Trigger::Name), ("Secret", Trigger::Name), ("SECRET", Trigger::Name), ("token", Trigger::Name),
    ("Token", Trigger::Name), ("TOKEN", Trigger::Name), ("key", Trigger::Name), ("Key", Trigger::Name),
    ("KEY", Trigger::Name), ("Passwd", Trigger::Name),
    ("dckr_pat_", of(20, Alphabet::Url)), ("dapi", of(32, Alphabet::AlphaNumeric)),
    ("hvs.", of(24, Alphabet::Url)), ("AGE-SECRET-KEY-1", of(40, Alphabet::UpperDigit)),
    ("sq0csp-", of(30, Alphabet::Url)), ("lin_api_", of(30, Alphabet::AlphaNumeric)),
    ("GOCSPX-", of(20, Alphabet::Url)), ("gsk_", of(40, Alphabet::AlphaNumeric)),
    ("xapp-", of(20, Alphabet::Url)), ("shpss_", of(30, Alphabet::AlphaNumeric)),
    ("glrt-", of(20, Alphabet::Url)), ("nvapi-", of(40, Alphabet::Url)),
    ("discord.com/api/webhooks/", of(40, Alphabet::Path)),
];

fn triggers() -> &'static AhoCorasick {
    static BUILT: OnceLock<AhoCorasick> = OnceLock::new();
    BUILT.get_or_init(|| {
        AhoCorasick::new(TRIGGERS.iter().map(|(text, _)| text)).expect("short texts are no problem")
    })
}

fn token(text: &str, start: usize, end: usize, shape: &Shape) -> Option<Finding> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if text.as_bytes()[..start].last().is_some_and(|&byte| is_word(byte)) {
        return None;
    }
    let allowed = |byte: u8| {
        byte.is_ascii_digit()
            || match shape.alphabet {
                Alphabet::UpperDigit => byte.is_ascii_uppercase(),
                Alphabet::AlphaNumeric => byte.is_ascii_alphabetic(),
                Alphabet::Url => byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'),
                Alphabet::Dotted => byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'),
                Alphabet::Path => byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'_' | b'-'),
            }
    };
    let n = text.as_bytes()[end..].iter().take_while(|&&byte| allowed(byte)).count();
    let rest = &text[end..end + n];
    let is_random = rest.bytes().any(|byte| byte.is_ascii_digit()) && distinct(rest) > 7;
    (n >= shape.min && is_random).then_some(Finding { kind: SecretKind::Token, range: start..end + n })
}

/// A block from its first line to its last; a block that is cut off goes to the text's end, or from its start.
fn private_key(text: &str, start: usize) -> Option<Finding> {
    let line = text[start..].lines().next()?;
    if !line.contains("PRIVATE KEY") {
        return None;
    }
    if line.starts_with("-----END") {
        let body = text[..start].trim_end();
        let is_key = |line: &&str| line.len() > 40 && line.bytes().all(|byte| byte.is_ascii_graphic());
        let n: usize =
            body.split_inclusive('\n').rev().take_while(|line| is_key(&line.trim())).map(str::len).sum();
        return (n > 0).then(|| Finding { kind: SecretKind::PrivateKey, range: body.len() - n..start });
    }
    let end = text[start..].find("-----END ").map_or(text.len(), |at| start + at);
    let end = end + text[end..].find("KEY-----").map_or(0, |at| at + "KEY-----".len());
    Some(Finding { kind: SecretKind::PrivateKey, range: start..end })
}

/// The password of `://user:password@host`.
fn connection_password(text: &str, start: usize) -> Option<Finding> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '/');
    let address = text[start..].split(is_end).next()?;
    let (login, _) = address.rsplit_once('@')?;
    let (_, password) = login.split_once(':')?;
    let at = start + login.len() - password.len();
    let range = at..at + password.len();
    (password.len() > 2 && !is_example(password))
        .then_some(Finding { kind: SecretKind::ConnectionPassword, range })
}

/// The credentials of a request's header.
fn header(text: &str, start: usize) -> Option<Finding> {
    let is_part =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=');
    let n = text.as_bytes()[start..].iter().take_while(is_part).count();
    let value = &text[start..start + n];
    (n >= 16 && looks_random(value)).then_some(Finding { kind: SecretKind::Token, range: start..start + n })
}

/// A string that something with a telling name is given, as in `api_key = "…"`.
fn assigned(text: &str, inside: usize) -> Option<Finding> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    let start = inside - text[..inside].chars().rev().take_while(|c| is_part(*c)).count();
    let end = start + text[start..].chars().take_while(|c| is_part(*c)).count();
    let name = text[start..end].to_ascii_lowercase().replace('-', "_");
    let secrecy = secrecy(&name)?;
    let (value, range) = value_after(text, end)?;
    let is_secret = !is_example(value)
        && match secrecy {
            Secrecy::Password => value.len() >= 6 && !is_name_like(value),
            Secrecy::Key => value.len() >= 8 && looks_random(value),
        };
    is_secret.then_some(Finding { kind: SecretKind::Assigned, range })
}

enum Secrecy {
    /// Chosen by people.
    Password,
    /// Made by machines.
    Key,
}

/// Whether a name is that of a secret, and not of something about one.
fn secrecy(name: &str) -> Option<Secrecy> {
    let joined = name.replace('_', "");
    let ends = |ends: &[&str]| {
        ends.iter().any(|end| joined.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with(end))
    };
    if ends(&["password", "passwd", "pwd", "passphrase"]) {
        return Some(Secrecy::Password);
    }
    let keys = [
        "secret",
        "token",
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "authkey",
        "signingkey",
        "encryptionkey",
        "accesskeyid",
        "clientkey",
        "accountkey",
        "masterkey",
        "licensekey",
        "secretaccesskey",
        "tokenvalue",
    ];
    ends(&keys).then_some(Secrecy::Key)
}

/// The string after `=`, `:`, `=>`, `,` or a type, or a bare value in the manner of shells.
fn value_after(text: &str, end: usize) -> Option<(&str, Range<usize>)> {
    let line = text[end..].lines().next()?;
    let after = line.trim_start_matches(['"', '\'', '`', '[', ']', ')', ' ']);
    // `("password", "…")`, and not any argument behind another.
    let is_quoted = line.len() > after.len();
    let mut at = end + line.len() - after.len();
    let sign = after
        .strip_prefix("=>")
        .or_else(|| after.strip_prefix(":="))
        .or_else(|| after.strip_prefix(['=', ':']))
        .or_else(|| after.strip_prefix(',').filter(|_| is_quoted))?;
    if sign.starts_with('=') {
        return None; // a comparison
    }
    at += after.len() - sign.len();
    // A type stands between: `: &str = "…"`.
    let first_quote = sign.find(QUOTES).unwrap_or(sign.len());
    let typed = sign[..first_quote].find("= ").filter(|_| after.starts_with(':'));
    let value = sign[typed.map_or(0, |at| at + 2)..].trim_start();
    // Marks of strings, as in `b"…"`.
    let string = value.trim_start_matches(['(', 'r', 'b', 'u', '@', '$']);
    if let Some(inside) = string.strip_prefix(QUOTES) {
        let quote = string.chars().next()?;
        let start = at + sign.len() - inside.len();
        let n = inside.find(quote)?;
        return Some((&inside[..n], start..start + n));
    }
    at = at + sign.len() - value.len();
    // `API_KEY=abc123` in a shell or an environment file; `key: abc123` in YAML.
    let name_line = text[..end].rsplit('\n').next()?.trim_start();
    let is_setting =
        name_line.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | ' '))
            || name_line
                .trim_start_matches("export ")
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            || after.starts_with(": ") && name_line.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let value = value.split([' ', '\t', '#', ';', ',']).next()?;
    let is_code = value.contains(['(', '[', '{', '.', '$']) || value.is_empty();
    (is_setting && !is_code && looks_random(value)).then(|| (value, at..at + value.len()))
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// Whether people would write it where the secret is to be put in.
fn is_example(value: &str) -> bool {
    const SAID: [&str; 20] = [
        "example",
        "changeme",
        "change_me",
        "placeholder",
        "your",
        "dummy",
        "xxxx",
        "****",
        "....",
        "insert",
        "todo",
        "redacted",
        "password",
        "secret_key",
        "process.env",
        "getenv",
        "undefined",
        "null",
        "sample",
        "fake",
    ];
    let lower = value.to_ascii_lowercase();
    let is_filled_in =
        value.contains(['<', '>', '{', '}', '%', ' ']) || value.starts_with('$') || value.contains("$(");
    is_filled_in
        || SAID.iter().any(|said| lower.contains(said))
        || lower.starts_with("http")
        || lower.starts_with('/')
}

/// Whether it may be a name of something: words without digits, joined.
fn is_name_like(value: &str) -> bool {
    let is_joined = value.contains(['_', '-', '.', ':', '/']);
    let is_words = value
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'/'));
    is_words && (is_joined || value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()))
}

/// Whether a machine may have made it up.
fn looks_random(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    let n_kinds = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit]
        .into_iter()
        .filter(|is| has(*is))
        .count();
    let is_text = value.bytes().all(|byte| byte.is_ascii_graphic());
    is_text && has(u8::is_ascii_digit) && n_kinds > 1 && value.len() >= 8 && distinct(value) > 6
}

/// How many different bytes there are.
fn distinct(value: &str) -> usize {
    let mut seen = [false; 256];
    value.bytes().for_each(|byte| seen[byte as usize] = true);
    seen.iter().filter(|seen| **seen).count()
}

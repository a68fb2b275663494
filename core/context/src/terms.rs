//! Text as a bag of words: what similarity is measured by and files are found by.

use std::sync::OnceLock;

/// A word or a part of one, hashed without its case. Hashes may collide; that costs a little precision.
pub(crate) type Term = u32;

/// The terms of `text` in order: of `parseHttpURL2` these are `parse`, `http`, `url2` and the whole.
/// Numbers, single letters, keywords and words that say nothing are left out.
pub(crate) fn each_term(text: &[u8], mut emit: impl FnMut(Term)) {
    let mut at = 0;
    while at < text.len() {
        match CLASS[text[at] as usize] {
            Class::Other => at += 1,
            Class::Digit => at = skip_word(text, at),
            _ => at = word(text, at, &mut emit),
        }
    }
}

/// The term of one whole word, such as a name that is looked up.
#[cfg(test)]
fn term(word: &str) -> Term {
    finish(word.bytes().fold(SEED, step))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Digit,
    /// Bytes of characters past ASCII count as lower case.
    Lower,
    Upper,
    /// Joins the parts of a word.
    Joiner,
}

static CLASS: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => Class::Digit,
            b'a'..=b'z' | 0x80.. => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'_' | b'$' => Class::Joiner,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
}

/// FNV-1a over lower-case bytes.
const SEED: u32 = 0x811c_9dc5;

fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
}

/// FNV's low bits are weak; tables are indexed by them.
fn finish(hash: u32) -> Term {
    hash ^ (hash >> 15)
}

fn skip_word(text: &[u8], start: usize) -> usize {
    let rest = text[start..].iter();
    start + rest.take_while(|&&byte| CLASS[byte as usize] != Class::Other).count()
}

/// Emits the word at `start` and its parts; returns its end.
fn word(text: &[u8], start: usize, emit: &mut impl FnMut(Term)) -> usize {
    let mut whole = SEED;
    let mut part = Part::default();
    let mut n_parts = 0;
    let mut previous = Class::Joiner;
    let mut at = start;
    while at < text.len() {
        let byte = text[at];
        let class = CLASS[byte as usize];
        match (previous, class) {
            (_, Class::Other) => break,
            (_, Class::Joiner) => n_parts += part.take(emit),
            (Class::Lower | Class::Digit, Class::Upper) => n_parts += part.take(emit),
            // The last capital of a run begins the next part: `HTTPServer`.
            (Class::Upper, Class::Lower) if part.n_bytes > 1 => n_parts += part.take_all_but_last(emit),
            _ => {}
        }
        if class != Class::Joiner {
            part.push(byte);
        }
        whole = step(whole, byte);
        previous = class;
        at += 1;
    }
    n_parts += part.take(emit);
    if n_parts > 1 {
        emit(finish(whole));
    }
    at
}

/// The part of a word that is being read.
struct Part {
    hash: u32,
    n_bytes: usize,
    /// `hash` without the last byte, and that byte.
    shorter: u32,
    last: u8,
}

impl Default for Part {
    fn default() -> Part {
        Part { hash: SEED, n_bytes: 0, shorter: SEED, last: 0 }
    }
}

impl Part {
    fn push(&mut self, byte: u8) {
        self.shorter = self.hash;
        self.last = byte;
        self.hash = step(self.hash, byte);
        self.n_bytes += 1;
    }

    /// Emits the part and begins the next; returns how many parts there were.
    fn take(&mut self, emit: &mut impl FnMut(Term)) -> usize {
        let part = std::mem::take(self);
        let term = finish(part.hash);
        if part.n_bytes > 1 && !is_stop_word(term) {
            emit(term);
        }
        usize::from(part.n_bytes > 0)
    }

    fn take_all_but_last(&mut self, emit: &mut impl FnMut(Term)) -> usize {
        let last = self.last;
        *self = Part { hash: self.shorter, n_bytes: self.n_bytes - 1, ..Part::default() };
        let n_parts = self.take(emit);
        self.push(last);
        n_parts
    }
}

fn is_stop_word(term: Term) -> bool {
    static STOP: OnceLock<StopWords> = OnceLock::new();
    let stop = STOP.get_or_init(StopWords::new);
    let bit = term as usize % (8 * FILTER_BYTES);
    stop.filter[bit / 8] & (1 << (bit % 8)) != 0 && stop.terms.binary_search(&term).is_ok()
}

/// Small enough to stay in the first cache.
const FILTER_BYTES: usize = 4096;

struct StopWords {
    terms: Vec<Term>,
    /// A bit for each term's low bits: says no without searching, for nearly every word.
    filter: [u8; FILTER_BYTES],
}

impl StopWords {
    fn new() -> StopWords {
        let words = KEYWORDS.split_whitespace().chain(SAY_NOTHING.split_whitespace());
        let mut terms: Vec<Term> = words.map(|word| finish(word.bytes().fold(SEED, step))).collect();
        terms.sort_unstable();
        terms.dedup();
        let mut filter = [0; FILTER_BYTES];
        for term in &terms {
            let bit = *term as usize % (8 * FILTER_BYTES);
            filter[bit / 8] |= 1 << (bit % 8);
        }
        StopWords { terms, filter }
    }
}

/// The keywords, built-in types and commonest annotations of all languages of the table.
const KEYWORDS: &str = "
    abstract alignas alignof and as asm assert async auto await base bool boolean borrow break by byte
    case catch chan char char8_t char16_t char32_t checked class clone co_await co_return co_yield companion
    concept const consteval constexpr constinit const_cast continue crate crossinline data debug debugger
    decimal declare decltype def default defer del delegate delete derive do double dyn dynamic dynamic_cast
    elif else endif enum err error event except explicit export exports extends extern external fallthrough
    false fi final finally fixed float float32 float64 fn for foreach friend from fun func function get getter
    global go goto if impl implements implicit import in include infix init inline inner instanceof int int8
    int16 int32 int64 interface internal is isize i8 i16 i32 i64 i128 f32 f64 keyof lambda lateinit let lock
    long loop macro main match module move mut mutable namespace native never new nil noexcept
    noinline None nonlocal nonnull not null nullable nullptr number object of ok on only open operator option
    or out override package params partial pass print println private protected pub public raise range readonly
    record ref register reified reinterpret_cast require required res result return sbyte sealed select self
    set setter short signed sizeof some stackalloc static static_assert static_cast std str strictfp string
    struct super suspend switch synchronized tailrec template test tests this thread_local throw throws trait
    transient true try type typealias typedef typeid typename typeof uint uint8 uint16 uint32 uint64 ulong
    undefined union unit unknown unowned unsafe unsigned unsized unwrap use ushort usize using u8 u16 u32 u64
    u128 val value vararg var variant vec virtual void volatile wchar_t when where while with yield any
";

/// English, and names that stand for anything.
const SAY_NOTHING: &str = "
    about above after again all also an are at be because been before being below between both but can cannot
    could did does doing done down each few had has have having he her here him his how if into it its just
    like may more most must no nor now off once one other our over own same shall she should since so such
    than that the their them then there these they those three through to todo too two under until up was we
    were what which while who whom why will would you your arg args foo bar baz tmp xxx ii jj
";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut found = Vec::new();
        each_term(text.as_bytes(), |term| found.push(term));
        let expected: Vec<Term> = expected.iter().map(|word| term(word)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn words_are_split_where_people_join_them() {
        check("price", &["price"]);
        check("totalPrice", &["total", "price", "totalprice"]);
        check("total_price", &["total", "price", "total_price"]);
        check("TotalPrice", &["total", "price", "totalprice"]);
        check("parseHTTPResponse", &["parse", "http", "response", "parsehttpresponse"]);
        check("HTTP", &["http"]);
        check("sha256Sum", &["sha256", "sum", "sha256sum"]);
        check("__name__", &["name"]);
        check("$scope", &["scope"]);
        check("größe_maß", &["größe", "maß", "größe_maß"]);
    }

    #[test]
    fn case_and_place_do_not_matter() {
        check("Shop shop SHOP", &["shop"; 3]);
    }

    #[test]
    fn numbers_letters_and_stop_words_say_nothing() {
        check("for (let i = 0x1f; i < 10_000; i++) { return null; }", &[]);
        check("x1 x y", &["x1"]);
        check("getPrice", &["price", "getprice"]);
        check("// the price of that", &["price"]);
    }
}

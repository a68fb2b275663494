"""Why a file is not worth training on: by its path, its size, its shape, its words."""

import re
import zlib

from languages import is_source

MAX_FILE_BYTES = 200_000
MIN_CHARACTERS = 200
MIN_COMPRESSED_SHARE = 0.09

SKIPPED_FOLDERS = re.compile(
    r"(^|/)(_?vendor(ed)?|_vendor|third[_-]?party|extern(als?)?|node_modules|testdata|dist|build"
    r"|min|umd|cjs|_cjs|esm5|bundles?|fesm\w*|lib[.-]?(commonjs|amd|esm)|_types|locales?"
    r"|bindings|deps|debian|fixtures?|generated|__generated__|referencesource-db)/"
)
SKIPPED_NAMES = re.compile(
    r"\.d\.[mc]?ts$|[.-]min\.js$|_pb2(_grpc)?\.py$|\.pb\.(go|cc|h)$|\.(g|designer|generated)\.cs$"
    r"|(^|/)(zz_generated|bindata)|_generated\.\w+$|[._]gen\.\w+$|\.generated\.\w+$"
    r"|(^|/)(package-info|module-info)\.java$|AssemblyInfo\.cs$",
    re.I,
)
TEST_PATH = re.compile(
    r"(^|/)(tests?|__tests__|specs?|testing|testsuite|unittests?|bench(es|marks?)?|examples?"
    r"|samples?|docs?)/|(^|/)test_[^/]*$|([._-](test|spec)s?|(?-i:[a-z]Tests?))\.\w+$",
    re.I,
)
GENERATED = re.compile(
    r"@generated|generated (by|from|file|code|automatically|using)|do not (edit|modify)"
    r"|don't edit|auto-?generated|automatically generated|machine generated",
    re.I,
)
COMPILED = re.compile(
    r"__esModule|sourceMappingURL|_interopRequire|__importDefault|_classCallCheck|__awaiter"
    r"|\b_this = (_super|this)\b|\b_createClass\b|__extends\(|/\* module decorator \*/"
)
FLOW = re.compile(r"^\s*(/[/*]+|\*)\s*@flow\b", re.M)
NUMBER = re.compile(r"\b(0x[0-9a-f]+|\d[\d_.]*)[a-z]{0,3}\b", re.I)
WORD = re.compile(r"[^\W\d]\w*")
DATA_START = frozenset("\"'-.0123456789({[")
DATA_LINE = re.compile(
    r"""[\s,:;(){}\[\]]*(?:(?:["'][^"']*["']|-?\.?\d[\w.+-]*)[\s,:;(){}\[\]]+)+"""
)
ALPHANUMERIC = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def path_rejection(path: str, n_bytes: int) -> str | None:
    """Why a file is left out before it is read, or None."""
    if not is_source(path):
        return "not source"
    if SKIPPED_FOLDERS.search(path):
        return "skipped folder"
    if SKIPPED_NAMES.search(path):
        return "generated name"
    return "large file" if n_bytes > MAX_FILE_BYTES else None


def is_test(path: str) -> bool:
    return TEST_PATH.search(path) is not None


def text_rejection(text: str) -> str | None:
    """Why nobody typed `text`, the whole of a file, or None."""
    lines = text.splitlines()
    if len(text) < MIN_CHARACTERS or len(lines) < 5:
        return "small file"
    if max(map(len, lines)) > 1000 or len(text) / len(lines) > 100:
        return "long lines"
    data = text.encode()
    if len(data.translate(None, ALPHANUMERIC)) > 0.75 * len(data):
        return "few letters"
    if GENERATED.search(text[:2500]):
        return "generated"
    if FLOW.search(text[:1000]):
        return "Flow types"
    if COMPILED.search(text[:5000]) or "sourceMappingURL" in text[-200:]:
        return "compiled"
    return table_rejection(text, data, lines)


def table_rejection(text: str, data: bytes, lines: list[str]) -> str | None:
    """Why a text is a table of constants or says the same over and over, or None."""
    if len(lines) > 40:
        if sum(map(is_data, lines)) > 0.5 * len(lines):
            return "data table"
    beginning = text[:10_000]
    numbers = len(NUMBER.findall(beginning))
    if numbers > 100 and numbers > 0.5 * len(WORD.findall(beginning)):
        return "data table"
    if len(data) > 4000 and len(zlib.compress(data, 1)) < MIN_COMPRESSED_SHARE * len(data):
        return "repetitive"
    return None


def is_data(line: str) -> bool:
    """Whether a line has nothing but literals."""
    line = line[:200].strip() + ","
    return line[0] in DATA_START and DATA_LINE.fullmatch(line) is not None

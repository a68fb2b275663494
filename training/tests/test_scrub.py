import pytest

from scrub import scrub

# Joined here, so that no scanner takes them for keys that leaked.
GITHUB = "gh" + "p_" + "a1B2" * 9
AMAZON = "AK" + "IA" + "IOSFODNN7EXAMPLE"
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\nabc\n-----END RSA " + "PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text, clean",
    [
        ("by jo.doe@mail.example.org.", "by name@example.com."),
        ("<jo@firma.de>", "<name@example.com>"),
        ("left@right.dot(x)", "left@right.dot(x)"),
        ("@decorator.of", "@decorator.of"),
        ("a @ b.T", "a @ b.T"),
        (f"token = '{GITHUB}'", "token = '<TOKEN>'"),
        (f"id={AMAZON};", "id=<AWS_KEY>;"),
        (f"k = '''{KEY}'''\n", "k = '''<PRIVATE_KEY>'''\n"),
        (KEY[:50], "<PRIVATE_KEY>"),
        ("'postgres://me:pa55w0rd@host/db'", "'postgres://me:<PASSWORD>@host/db'"),
        ("f'redis://{user}:{word}@host'", "f'redis://{user}:{word}@host'"),
        ("http://localhost:8080/a@b", "http://localhost:8080/a@b"),
        ("client_secret: 'abcd1234efgh5678ijkl'", "client_secret: '<SECRET>'"),
        ('{"api_key": "abcd1234efgh5678ijkl"}', '{"api_key": "<SECRET>"}'),
        ("digest = 'abcd1234efgh5678ijkl'", "digest = 'abcd1234efgh5678ijkl'"),
        ("token = 'an_identifier_without_digits'", "token = 'an_identifier_without_digits'"),
    ],
)
def test_scrubbed(text, clean):
    assert scrub(text) == clean

//! The wire types as shells see them. `cargo xtask codegen` rewrites the file, `--check` compares it.

use expect_test::expect_file;
use inkling_lsp::wire;

#[test]
fn typescript_is_current() {
    let header = "// Written by `cargo xtask codegen` from core/lsp/src/wire.rs.";
    expect_file!["../../../web-demo/src/protocol.gen.ts"]
        .assert_eq(&format!("{header}\n\n{}", wire::typescript()));
}

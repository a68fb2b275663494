//! `inkling model pull` from a server on this machine that knows ranges.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use inkling_assist::gguf::Dtype;
use inkling_fixture::tiny_llama;
use serde_json::Value;

/// What a server has and how it behaves; both can be changed between two requests.
#[derive(Clone)]
struct Shelf {
    bytes: Vec<u8>,
    etag: String,
    /// Bytes of an answer after which it says no more, and whether it then closes the connection.
    cut: Option<(usize, bool)>,
    /// What it claims to send.
    length: Option<u64>,
    /// What it says of the checksum where it sends on to another path.
    linked: String,
}

struct Server {
    url: String,
    shelf: Arc<Mutex<Shelf>>,
    /// The requests' first lines, ranges and conditions.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(bytes: Vec<u8>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shelf =
            Shelf { bytes, etag: "\"1\"".to_string(), cut: None, length: None, linked: String::new() };
        let server = Server { url, shelf: Arc::new(Mutex::new(shelf)), asked: Arc::default() };
        let (shelf, asked) = (Arc::clone(&server.shelf), Arc::clone(&server.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (shelf, asked) = (Arc::clone(&shelf), Arc::clone(&asked));
                // Clients that end in the middle are the point.
                std::thread::spawn(move || _ = answer(stream.unwrap(), &shelf, &asked));
            }
        });
        server
    }

    fn change(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.shelf.lock().unwrap());
    }

    /// What was asked since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn answer(stream: TcpStream, shelf: &Mutex<Shelf>, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap()?;
    let headers: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        let named = |line: &String| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_string())
        };
        headers.iter().find_map(named)
    };
    let conditions = ["range", "if-range", "if-none-match"].into_iter().filter_map(header);
    let request: Vec<String> =
        std::iter::once(first.trim_end_matches(" HTTP/1.1").to_string()).chain(conditions).collect();
    asked.lock().unwrap().push(request.join(" "));
    let Shelf { bytes, etag, cut, length, linked } = shelf.lock().unwrap().clone();
    let mut stream = stream;
    let end = "Connection: close\r\n\r\n";
    if first.contains("/resolve/main/") {
        let head =
            format!("Location: /elsewhere/m.gguf\r\nX-Linked-Etag: \"{linked}\"\r\nContent-Length: 0\r\n");
        return write!(stream, "HTTP/1.1 302 Found\r\n{head}{end}");
    }
    if first.contains("missing") {
        return write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n{end}");
    }
    if header("if-none-match").as_ref() == Some(&etag) {
        return write!(stream, "HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n{end}");
    }
    let range = header("range").filter(|_| header("if-range").as_ref() == Some(&etag));
    let start = range.map(|range| range["bytes=".len()..].trim_end_matches('-').parse::<usize>().unwrap());
    let n_bytes = length.unwrap_or((bytes.len() - start.unwrap_or(0)) as u64);
    let status = match start {
        Some(start) => {
            format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", bytes.len() - 1, bytes.len())
        }
        None => "200 OK".to_string(),
    };
    write!(stream, "HTTP/1.1 {status}\r\nETag: {etag}\r\nContent-Length: {n_bytes}\r\n{end}")?;
    let body = &bytes[start.unwrap_or(0)..];
    let (n_sent, closes) = cut.unwrap_or((body.len(), true));
    stream.write_all(&body[..n_sent.min(body.len())])?;
    if !closes {
        std::thread::park();
    }
    Ok(())
}

/// A user's home of its own.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Home {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pull").join(name);
        let _ = std::fs::remove_dir_all(&home);
        Home(home)
    }

    fn start(&self, args: &[&str], server: &Server) -> Child {
        let command = &mut Command::new(env!("CARGO_BIN_EXE_inkling"));
        command.args(args).env("HOME", &self.0).env("HF_ENDPOINT", &server.url);
        command.env("XDG_CONFIG_HOME", self.0.join("config")).env("XDG_DATA_HOME", self.0.join("data"));
        command.env_remove("XDG_RUNTIME_DIR").stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn run(&self, args: &[&str], server: &Server) -> Output {
        self.start(args, server).wait_with_output().unwrap()
    }

    /// What a successful pull says.
    fn pull(&self, name: &str, server: &Server) -> Value {
        let output = self.run(&["model", "pull", name, "--json"], server);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Fails with this message, and leaves no file behind.
    fn check_error(&self, args: &[&str], server: &Server, expected: Expect) {
        let output = self.run(args, server);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        let message = message.replace(&server.url, "SERVER").replace(self.0.to_str().unwrap(), "HOME");
        expected.assert_eq(&message.replace(&server.url["http://".len()..].replace(':', "_"), "SERVER"));
        assert_eq!(self.files(), Vec::<PathBuf>::new());
    }

    /// Bytes of the file that is not whole yet.
    fn part_bytes(&self) -> u64 {
        let part = self.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "part"));
        part.map_or(0, |part| std::fs::metadata(part).unwrap().len())
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.0.clone()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

fn model() -> Vec<u8> {
    tiny_llama(Dtype::F32, 1)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_file_is_pulled_once_and_known_by_its_name() {
    let (server, home) = (Server::start(model()), Home::new("once"));
    let name = format!("{}/some/m.gguf", server.url);
    let not_yet = ["model", "info", &name];
    home.check_error(
        &not_yet,
        &server,
        expect![[r#"
            inkling: SERVER/some/m.gguf is not here yet; run `inkling model pull SERVER/some/m.gguf` first
        "#]],
    );
    let first = home.pull(&name, &server);
    assert_eq!((&first["is_new"], &first["sha256"]), (&true.into(), &sha256(&model()).into()));
    assert_eq!(std::fs::read(first["path"].as_str().unwrap()).unwrap(), model());
    assert!(home.run(&not_yet, &server).status.success());
    let second = home.pull(&name, &server);
    assert_eq!((&second["is_new"], &second["sha256"]), (&false.into(), &first["sha256"]));
    assert_eq!(server.asked(), ["GET /some/m.gguf", "GET /some/m.gguf \"1\""]);
    // The file, and the note where it comes from.
    assert_eq!(home.files().len(), 2);
    server.change(|shelf| (shelf.bytes, shelf.etag) = (tiny_llama(Dtype::F32, 2), "\"2\"".to_string()));
    let third = home.pull(&name, &server);
    assert_eq!(
        (&third["is_new"], &third["sha256"]),
        (&true.into(), &sha256(&tiny_llama(Dtype::F32, 2)).into())
    );
}

#[test]
fn a_broken_connection_is_made_anew_where_it_broke() {
    let (server, home) = (Server::start(model()), Home::new("broken"));
    server.change(|shelf| shelf.cut = Some((300_000, true)));
    let pulled = home.pull(&format!("{}/m.gguf", server.url), &server);
    assert_eq!(pulled["sha256"], sha256(&model()));
    let asked = server.asked();
    assert_eq!(asked[..2], ["GET /m.gguf", "GET /m.gguf bytes=300000- \"1\""]);
    assert_eq!(asked.len(), model().len().div_ceil(300_000));
}

/// A pull that has received `n_bytes` when the server falls silent.
fn stalled(home: &Home, server: &Server, name: &str, n_bytes: usize) -> Child {
    server.change(|shelf| shelf.cut = Some((n_bytes, false)));
    let child = home.start(&["model", "pull", name], server);
    let started = Instant::now();
    while home.part_bytes() < n_bytes as u64 {
        assert!(started.elapsed() < Duration::from_secs(20), "{} bytes", home.part_bytes());
        std::thread::sleep(Duration::from_millis(20));
    }
    server.change(|shelf| shelf.cut = None);
    child
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_the_part_for_the_next_time() {
    let (server, home) = (Server::start(model()), Home::new("interrupted"));
    let name = format!("{}/m.gguf", server.url);
    let mut child = stalled(&home, &server, &name, 200_000);
    let busy = home.run(&["model", "pull", &name], &server);
    assert!(String::from_utf8_lossy(&busy.stderr).contains("is being written by another process"));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(!child.wait().unwrap().success());
    assert_eq!(home.part_bytes(), 200_000);
    assert_eq!(home.pull(&name, &server)["sha256"], sha256(&model()));
    assert_eq!(server.asked(), ["GET /m.gguf", "GET /m.gguf bytes=200000- \"1\""]);
    // The file, and the note where it comes from.
    assert_eq!(home.files().len(), 2);
}

#[test]
fn a_file_that_changed_meanwhile_begins_again() {
    let (server, home) = (Server::start(model()), Home::new("changed"));
    let name = format!("{}/m.gguf", server.url);
    let mut child = stalled(&home, &server, &name, 100_000);
    child.kill().unwrap();
    child.wait().unwrap();
    let other = tiny_llama(Dtype::F32, 2);
    server.change(|shelf| (shelf.bytes, shelf.etag) = (other.clone(), "\"2\"".to_string()));
    assert_eq!(home.pull(&name, &server)["sha256"], sha256(&other));
    assert_eq!(server.asked(), ["GET /m.gguf", "GET /m.gguf bytes=100000- \"1\""]);
}

#[test]
fn the_hub_s_names_are_resolved_and_its_checksums_believed() {
    let (server, home) = (Server::start(model()), Home::new("hub"));
    server.change(|shelf| shelf.linked = sha256(&model()));
    let pulled = home.pull("hf:Org/Repo/m.gguf", &server);
    assert!(pulled["path"].as_str().unwrap().ends_with("inkling/models/hf/Org/Repo/m.gguf"), "{pulled}");
    let expected =
        ["HEAD /Org/Repo/resolve/main/m.gguf", "GET /Org/Repo/resolve/main/m.gguf", "GET /elsewhere/m.gguf"];
    assert_eq!(server.asked(), expected);
    server.change(|shelf| shelf.linked = "0".repeat(64));
    let home = Home::new("hub-wrong");
    let output = home.run(&["model", "pull", "hf:Org/Repo/m.gguf"], &server);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains(&format!("not {}; it was deleted", "0".repeat(64))), "{message}");
    assert_eq!(home.files(), Vec::<PathBuf>::new());
}

#[test]
fn what_cannot_be_pulled_says_why() {
    let (server, home) = (Server::start(model()), Home::new("errors"));
    let (there, missing) = (format!("{}/m.gguf", server.url), format!("{}/missing.gguf", server.url));
    let check = |args: &[&str], expected: Expect| {
        home.check_error(&[&["model", "pull"], args].concat(), &server, expected);
    };
    check(
        &[&missing],
        expect![[r#"
        inkling: SERVER/missing.gguf: there is no such file (404); check the address
    "#]],
    );
    check(
        &["model.gguf"],
        expect![[r#"
        inkling: "model.gguf" is no address; write https://… or hf:OWNER/REPOSITORY/FILE
    "#]],
    );
    check(
        &["hf:Org/Repo"],
        expect![[r#"
        inkling: "hf:Org/Repo" names no file; write hf:OWNER/REPOSITORY/FILE
    "#]],
    );
    check(
        &[&there, "--sha256", "ABC"],
        expect![[r#"
        inkling: SERVER/m.gguf has the checksum 209d250e95c09052e1d0fe866bf4dc6422ff04a7308e81b12dd07f1535a60ade, not abc; it was deleted: try again, or ask who published it
    "#]],
    );
    server.change(|shelf| shelf.length = Some(1 << 60));
    let output = home.run(&["model", "pull", &there], &server);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("1099511627776 more MB are needed and ") && message.contains("; make room"),
        "{message}"
    );
    server.change(|shelf| (shelf.length, shelf.bytes) = (None, b"<html>Sign in".to_vec()));
    check(
        &[&there],
        expect![[r#"
        inkling: SERVER/m.gguf is no GGUF file; check the address
    "#]],
    );
    server.change(|shelf| shelf.cut = Some((0, true)));
    check(
        &[&there],
        expect![[r#"
        inkling: the connection to SERVER/m.gguf broke off (Peer disconnected); try again
    "#]],
    );
    // Nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = home.run(&["model", "pull", &format!("http://{closed}/m.gguf")], &server);
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with(&format!("inkling: cannot reach http://{closed}/"))
    );
}

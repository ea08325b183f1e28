//! `holdall serve`, as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The units of a product in the active list.
fn quantity(cart: &Value, sku: &str) -> u64 {
    let lines = cart["lines"].as_array().expect("lines").iter();
    lines
        .filter(|line| line["sku"] == sku)
        .map(|line| line["quantity"].as_u64().expect("a number"))
        .sum()
}

struct Served {
    process: Child,
    address: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdall"));
    command.arg("serve").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Served {
    fn new(store: &str) -> Self {
        let arguments = ["--listen", "127.0.0.1:0", "--store", store];
        let mut process = command(&arguments).spawn().expect("a process");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit_once("http://").expect("an address").1;
        let address = address.trim_end_matches('/').to_owned();
        Self { process, address }
    }

    /// The body of an answer that is to be 2xx.
    fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()))
    }

    /// Asks it to end, and waits until it has.
    fn end(mut self) -> bool {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(asked.expect("kill").success());
        self.process.wait().expect("its end").success()
    }
}

#[test]
fn p_what_was_put_in_is_there_after_a_restart() {
    let folder = std::env::temp_dir().join(format!("holdall-serve-{}", std::process::id()));
    let store = folder.to_str().expect("a path");
    let served = Served::new(store);
    let opened = served.ask("POST", "/carts", "", "");
    let (cart, token) = (opened["cart"].as_str(), opened["token"].as_str());
    let (cart, token) = (cart.expect("an id"), token.expect("a token"));
    served.ask("POST", &format!("/carts/{cart}/lines"), token, r#"{"sku":"TEE","quantity":2}"#);
    assert!(served.end());

    let served = Served::new(store);
    let shown = served.ask("GET", &format!("/carts/{cart}"), token, "");
    assert_eq!(quantity(&shown, "TEE"), 2);
    assert_eq!(served.ask("GET", "/readyz", "", ""), "ready\n");
    let metrics = served.ask("GET", "/metrics", "", "");
    let metrics = metrics.as_str().expect("text");
    assert!(metrics.contains("holdall_http_requests_total{"), "{metrics}");
    assert!(metrics.contains(r#"region="local""#), "{metrics}");
    assert!(!metrics.contains(cart), "{metrics}");
    assert!(served.ask("GET", "/", "", "").as_str().expect("a page").contains("<title>"));
    assert!(served.end());
    let _ = std::fs::remove_dir_all(Path::new(store));
}

/// A folder that was put back from a backup is opened under another incarnation, once somebody says so.
#[test]
fn a_store_that_was_put_back_gets_another_incarnation() {
    use holdall_store::{EmbeddedStore, Store};
    let folder = std::env::temp_dir().join(format!("holdall-restored-{}", std::process::id()));
    let incarnation = || EmbeddedStore::open(&folder, 1).expect("a store").incarnation();
    let before = incarnation();
    assert_eq!(incarnation(), before);
    let restored = |store: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdall"));
        command.arg("restored").arg("--store").arg(store).output().expect("an end")
    };
    assert!(restored(&folder).status.success());
    let after = incarnation();
    assert_ne!(after, before);
    assert_eq!(incarnation(), after);
    let _ = std::fs::remove_dir_all(&folder);
    let nowhere = restored(&folder);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("--store"));
    assert!(!folder.exists());
}

/// Whoever reads the output may stop, as `head` does.
#[test]
fn a_reader_who_has_enough_ends_the_report() {
    let stories = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/stories/museum");
    let mut told = Command::new(env!("CARGO_BIN_EXE_holdall"))
        .args(["scenario", "--schedules", "1", stories])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut line = String::new();
    let out = told.stdout.take().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    assert!(line.starts_with("ok "), "{line}");
    let ended = told.wait_with_output().expect("an end");
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn l_a_key_that_is_none_is_told() {
    let key = std::env::temp_dir().join(format!("holdall-no-key-{}", std::process::id()));
    std::fs::write(&key, "no key").expect("a file");
    let path = key.to_str().expect("a path");
    let ended = command(&["--key", path, "--store", "memory:"]).output().expect("an end");
    let _ = std::fs::remove_file(&key);
    assert_eq!(ended.status.code(), Some(2));
    let why = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(why.contains("not a public key in PEM") && why.contains(path), "{why}");
}

#[test]
fn l_accounts_for_whoever_asks_are_for_this_machine_alone() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let ended = command(&["--listen", listen, "--store", "memory:"]).output().expect("an end");
        assert_eq!(ended.status.code(), Some(2));
        let why = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(why.contains("--key") && ended.stdout.is_empty(), "{why}");
    }
    // Another name that leads to this machine is somebody's who means to use the browser.
    let served = Served::new("memory:");
    let mut stream = TcpStream::connect(&served.address).expect("a connection");
    let head =
        "POST /demo/accounts/ann/token HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    assert!(served.end());
}

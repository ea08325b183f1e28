//! 64 connections, each with a shopper of its own, who waits for the answer before the next request.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::servers::{ALL, BEFORE, Server, is_there, start};

const CONNECTIONS: usize = 64;
/// A shopper takes a new cart after so many adds: carts that grow without end are not what is measured.
const ADDS_OF_CART: u32 = 50;
/// Most answers are shorter, in bytes.
const ANSWER_BYTES: usize = 16 * 1024;
/// Different products in a cart.
const PRODUCTS: u32 = 10;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Read,
    Add,
    Merge,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Add => "add",
            Self::Merge => "merge",
        }
    }
}

pub async fn run(time: Duration, rounds: u64, only: &[&str]) {
    let wanted = |name: &str, all: &[&str]| {
        let none_named = !only.iter().any(|named| all.contains(named));
        none_named || only.contains(&name)
    };
    let mut all: BTreeMap<(Kind, &str), Vec<Vec<Duration>>> = BTreeMap::new();
    let mut spent: BTreeMap<(Kind, &str), f64> = BTreeMap::new();
    for _ in 0..rounds {
        for which in ALL.into_iter().filter(|which| is_there(which) && wanted(which, &ALL)) {
            let server = start(which).await;
            for kind in [Kind::Read, Kind::Add, Kind::Merge] {
                if !wanted(kind.name(), &["read", "add", "merge"]) {
                    continue;
                }
                if kind == Kind::Merge && which == "floor" {
                    continue;
                }
                let pid = server.process.id().expect("a process");
                let before = cpu_s(pid);
                let times = measured(&server, which, kind, time).await;
                *spent.entry((kind, which)).or_default() += cpu_s(pid) - before;
                all.entry((kind, which)).or_default().push(times);
            }
        }
    }
    println!(
        "{:<8}{:<12}{:>12}{:>10}{:>10}{:>10}{:>12}",
        "", "", "a second", "p50 ms", "p99", "p99.9", "cpu us each"
    );
    for ((kind, which), rounds) in all {
        let mut rates: Vec<f64> =
            rounds.iter().map(|round| round.len() as f64 / time.as_secs_f64()).collect();
        rates.sort_by(f64::total_cmp);
        let mut times: Vec<Duration> = rounds.into_iter().flatten().collect();
        times.sort();
        let at =
            |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        let cpu_us = spent[&(kind, which)] * 1e6 / times.len() as f64;
        println!(
            "{:<8}{which:<12}{:>12.0}{:>10.2}{:>10.2}{:>10.2}{cpu_us:>12.1}",
            kind.name(),
            rates[rates.len() / 2],
            at(0.5),
            at(0.99),
            at(0.999)
        );
    }
}

/// What a process has had of the processor. Kernels count it in hundredths of a second.
fn cpu_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    // The second field is a name, in brackets.
    let fields = stat.rsplit_once(')').expect("a name").1.split_whitespace();
    let ticks: u64 =
        fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum();
    ticks as f64 / 100.0
}

async fn measured(
    server: &Server,
    which: &'static str,
    kind: Kind,
    time: Duration,
) -> Vec<Duration> {
    let mut shoppers = tokio::task::JoinSet::new();
    for number in 0..CONNECTIONS {
        let address = server.address.clone();
        shoppers.spawn(async move {
            Shopper::new(&address, which, number).await.shop(kind, time).await
        });
    }
    shoppers.join_all().await.concat()
}

struct Shopper {
    stream: TcpStream,
    which: &'static str,
    number: usize,
    count: u32,
    cart: String,
    token: String,
    read: Vec<u8>,
}

impl Shopper {
    async fn new(address: &str, which: &'static str, number: usize) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (cart, token) = (format!("cart-{number}"), String::new());
        Self {
            stream,
            which,
            number,
            count: 0,
            cart,
            token,
            read: Vec::with_capacity(ANSWER_BYTES),
        }
    }

    fn is_holdall(&self) -> bool {
        matches!(self.which, "holdall" | BEFORE)
    }

    async fn shop(mut self, kind: Kind, time: Duration) -> Vec<Duration> {
        self.open().await;
        self.add().await;
        let account = format!("a{}", self.number);
        let mut account_token = String::new();
        if kind == Kind::Merge && self.is_holdall() {
            let reply =
                self.ask("POST", &format!("/demo/accounts/{account}/token"), "", None).await;
            account_token = text(reply, "token");
        }
        let mut times = Vec::new();
        let began = Instant::now();
        while began.elapsed() < time {
            let path = format!("/carts/{}", self.cart);
            let token = self.token.clone();
            if kind == Kind::Add && self.count.is_multiple_of(ADDS_OF_CART) {
                self.open().await;
            }
            if kind == Kind::Merge {
                self.open().await;
                self.add().await;
            }
            let one = Instant::now();
            match kind {
                Kind::Read => {
                    self.ask("GET", &path, &token, None).await;
                }
                Kind::Add => self.add().await,
                Kind::Merge if self.is_holdall() => {
                    let body =
                        format!(r#"{{"guest":"{}","guest_token":"{}"}}"#, self.cart, self.token);
                    let path = format!("/accounts/{account}/merge");
                    self.ask("POST", &path, &account_token, Some(&body)).await;
                }
                Kind::Merge => {
                    let path = format!("/carts/{}/into/{account}", self.cart);
                    self.ask("POST", &path, "", None).await;
                }
            }
            times.push(one.elapsed());
            // An account is not merged into for ever, either.
            if kind == Kind::Merge && times.len() % 20 == 0 && self.is_holdall() {
                let path = format!("/shoppers/{account}");
                self.ask("DELETE", &path, &account_token, None).await;
            }
        }
        times
    }

    async fn open(&mut self) {
        if self.is_holdall() {
            let reply = self.ask("POST", "/carts", "", None).await;
            (self.cart, self.token) = (text(reply, "cart"), text(reply, "token"));
        } else {
            self.cart = format!("cart-{}-{}", self.number, self.count);
        }
    }

    async fn add(&mut self) {
        self.count += 1;
        let body = format!(r#"{{"sku":"TEE-{}","quantity":1}}"#, self.count % PRODUCTS);
        let path = format!("/carts/{}/lines", self.cart);
        let token = self.token.clone();
        self.ask("POST", &path, &token, Some(&body)).await;
    }

    async fn ask(&mut self, method: &str, path: &str, token: &str, body: Option<&str>) -> &[u8] {
        let body = body.unwrap_or_default();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n",
            body.len()
        );
        if !body.is_empty() {
            head += "Content-Type: application/json\r\n";
            let (shopper, count) = (self.number, self.count);
            head += &format!("Idempotency-Key: {shopper:08x}-0000-4000-8000-{count:012x}\r\n");
        }
        if !token.is_empty() {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        head += "\r\n";
        head += body;
        self.stream.write_all(head.as_bytes()).await.expect("sent");
        let (status, body) = self.answer().await;
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(body)
        );
        body
    }

    /// Looked at as little as can be: whoever asks has a part of the processors that are measured.
    async fn answer(&mut self) -> (u16, &[u8]) {
        self.read.clear();
        loop {
            let read = self.stream.read_buf(&mut self.read).await.expect("bytes");
            assert!(read > 0, "the connection was closed");
            let mut fields = [httparse::EMPTY_HEADER; 16];
            let mut head = httparse::Response::new(&mut fields);
            let httparse::Status::Complete(end) = head.parse(&self.read).expect("HTTP") else {
                continue;
            };
            let is_it =
                |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case("content-length");
            let length = head.headers.iter().find(is_it).expect("a length").value;
            let length: usize = str::from_utf8(length).expect("a text").parse().expect("a number");
            let status = head.code.expect("a status");
            if self.read.len() == end + length {
                return (status, &self.read[end..]);
            }
        }
    }
}

/// A text in an answer. Nothing else is read of answers: it is the servers that are measured.
pub fn text(json: &[u8], name: &str) -> String {
    let value: Value = serde_json::from_slice(json).expect("JSON");
    value[name].as_str().expect("a text").to_owned()
}

//! Many WebSockets that say nothing.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::servers::start;

/// WebSockets of one cart.
const OF_CART: usize = 50;

pub async fn run(number: usize) {
    let server = start("holdall").await;
    let pid = server.process.id().expect("a process");
    let before = resident_kib(pid);
    let began = Instant::now();
    let mut open = Vec::new();
    let (mut cart, mut token) = (String::new(), String::new());
    while open.len() < number {
        if open.len() % OF_CART == 0 {
            (cart, token) = guest(&server.address).await;
        }
        let mut stream = TcpStream::connect(&server.address).await.expect("a connection");
        let head = format!(
            "GET /carts/{cart}/live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: holdall.v1.json, bearer.{token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 101", "after {}", open.len());
        open.push(stream);
    }
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let grown = resident_kib(pid) - before;
    let each = grown as f64 / number as f64;
    println!(
        "{number} WebSockets in {:.1} s: {grown} KiB more, {each:.1} KiB each",
        began.elapsed().as_secs_f64()
    );
}

async fn guest(address: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = "POST /carts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let body = answer.split("\r\n\r\n").nth(1).expect("a body");
    (crate::load::text(body.as_bytes(), "cart"), crate::load::text(body.as_bytes(), "token"))
}

fn resident_kib(pid: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

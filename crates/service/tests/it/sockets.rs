//! What comes before a request is one: heads that are too long, too slow, or too many.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use holdall_service as service;

use super::live::Open;

/// Sends bytes and reads what is answered until the connection is closed, or nothing comes for a
/// while.
async fn say(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A server that has heard enough may close before all is sent.
    let _ = stream.write_all(bytes).await;
    heard(&mut stream, Duration::from_secs(2)).await
}

async fn heard(stream: &mut TcpStream, patience: Duration) -> String {
    let mut answer = Vec::new();
    let mut part = [0; 4_096];
    while let Ok(Ok(read)) = timeout(patience, stream.read(&mut part)).await {
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&part[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_of_too_many_fields_or_too_many_bytes_is_refused() {
    let open = Open::new(service::ServiceSettings::default()).await;
    let many = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100_000));
    assert!(say(open.address, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let long = format!("GET /healthz HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(1_000_000));
    assert!(say(open.address, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let uri = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1_000_000));
    let answer = say(open.address, uri.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(
        say(open.address, b"\x16\x03\x01\x00\xff\x00\x00\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
    // And it goes on.
    assert!(
        say(open.address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .ends_with("ok\n")
    );
    open.end().await;
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let head_time = Duration::from_millis(300);
    let open =
        Open::new(service::ServiceSettings { head_time, ..service::ServiceSettings::default() })
            .await;
    let mut stream = TcpStream::connect(open.address).await.expect("a connection");
    let began = Instant::now();
    for byte in b"GET /healthz HTTP/1.1\r\n".iter().cycle() {
        if stream.write_all(&[*byte]).await.is_err() || began.elapsed() > Duration::from_secs(20) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    open.end().await;
}

#[tokio::test]
async fn a_body_that_says_it_is_huge_is_not_read() {
    let open = Open::new(service::ServiceSettings::default()).await;
    let guest = open.shop.guest().await;
    let head = format!(
        "POST /carts/{}/lines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n",
        guest.cart, guest.token
    );
    assert!(say(open.address, head.as_bytes()).await.starts_with("HTTP/1.1 413"));
    open.end().await;
}

#[tokio::test]
async fn more_connections_than_there_may_be_are_told_to_come_back() {
    let open = Open::new(service::ServiceSettings {
        connections: 1,
        ..service::ServiceSettings::default()
    })
    .await;
    let mut first = TcpStream::connect(open.address).await.expect("a connection");
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    assert!(heard(&mut first, Duration::from_millis(300)).await.starts_with("HTTP/1.1 200"));
    let mut second = TcpStream::connect(open.address).await.expect("a connection");
    let answer = heard(&mut second, Duration::from_secs(2)).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("Retry-After: 1"), "{answer}");
    drop(first);
    open.end().await;
}

#[tokio::test]
async fn what_is_under_way_is_answered_before_the_end() {
    let open = Open::new(service::ServiceSettings::default()).await;
    let guest = open.shop.guest().await;
    let body = r#"{"sku":"TEE"}"#;
    let head = format!(
        "POST /carts/{}/lines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        guest.cart,
        guest.token,
        body.len()
    );
    let mut stream = TcpStream::connect(open.address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let late = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stream.write_all(body.as_bytes()).await.expect("sent");
        heard(&mut stream, Duration::from_secs(5)).await
    };
    let ((), answer) = tokio::join!(open.end(), late);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("TEE"), "{answer}");
}

//! Beyond what there is room for: work is sent away, and what was acknowledged is kept.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use holdall_service as service;

use super::live::Open;
use super::quantity;

const CLIENTS: usize = 48;
const ADDS: usize = 5;

#[tokio::test]
async fn what_is_beyond_the_room_is_sent_away_and_what_was_acknowledged_is_kept() {
    let room = 4;
    let http = service::ServiceSettings { in_flight: room, ..service::ServiceSettings::default() };
    let open = Open::new(http).await;
    let guest = open.shop.guest().await;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (address, guest) = (open.address, guest.clone());
        clients.spawn(async move {
            let mut shed = 0;
            for add in 0..ADDS {
                let body = r#"{"sku":"TEE"}"#;
                let head = format!(
                    "POST /carts/{}/lines HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
                     Cart-Device: {}\r\nIdempotency-Key: {client}-{add}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    guest.cart,
                    guest.token,
                    super::device_id(client as u64),
                    body.len()
                );
                // A slow client: its body comes a while after its head.
                while !slowly(address, &head, body).await {
                    shed += 1;
                    tokio::time::sleep(Duration::from_millis(5 + client as u64)).await;
                }
            }
            shed
        });
    }
    let shed: usize = clients.join_all().await.into_iter().sum();
    assert!(shed > 0, "nobody was sent away: the test tests nothing");
    let cart = open.shop.read(&guest.token, &guest.cart).await.done();
    assert_eq!(quantity(&cart, "TEE"), (CLIENTS * ADDS) as u64);
    open.end().await;
}

/// Whether it was done; else it was sent away, with a time to come back after.
async fn slowly(address: std::net::SocketAddr, head: &str, body: &str) -> bool {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("sent");
    tokio::time::sleep(Duration::from_millis(10)).await;
    // Who was sent away already may find the connection closed.
    let _ = stream.write_all(body.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    // Closed before the answer was read: it is not known, and asked again under the same key.
    if answer.starts_with("http/1.1 200") {
        return true;
    }
    assert!(answer.is_empty() || answer.starts_with("http/1.1 503"), "{answer}");
    assert!(answer.is_empty() || answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    false
}

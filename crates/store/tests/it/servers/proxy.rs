//! A wire between a client and PostgreSQL that counts round trips and fails on cue.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use holdall_store::postgres::tokio_postgres::Config;
use holdall_store::postgres::tokio_postgres::config::Host;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What befalls the next round trip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Fault {
    None = 0,
    /// The connection ends before the server has heard of it.
    CutBefore = 1,
    /// The server does it, and the connection ends before the client has heard of it.
    CutAfter = 2,
    /// The server does not hear of it, and the connection stays.
    Silence = 3,
}

#[derive(Default)]
struct Shared {
    trips: AtomicU64,
    fault: AtomicU8,
}

/// It listens for as long as the runtime lives.
pub(super) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    pub(super) async fn new(server: &Config) -> Self {
        let Some(Host::Tcp(host)) = server.get_hosts().first().cloned() else {
            panic!("the server of the tests is reached over TCP")
        };
        let to = (host, server.get_ports().first().copied().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared::default());
        let mine = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect((to.0.as_str(), to.1)).await else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                tokio::spawn(carry(client, server, Arc::clone(&mine)));
            }
        });
        Self { port, shared }
    }

    /// The same server by way of this.
    pub(super) fn config(&self, server: Config) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port);
        config.user(server.get_user().expect("a user"));
        config.dbname(server.get_dbname().expect("a database"));
        if let Some(options) = server.get_options() {
            config.options(options);
        }
        config
    }

    /// Round trips that clients have begun.
    pub(super) fn trips(&self) -> u64 {
        self.shared.trips.load(Ordering::SeqCst)
    }

    pub(super) fn next(&self, fault: Fault) {
        self.shared.fault.store(fault as u8, Ordering::SeqCst);
    }
}

async fn carry(client: TcpStream, server: TcpStream, shared: Arc<Shared>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mute = Arc::new(Notify::new());
    let back = tokio::spawn(answers(from_server, to_client, Arc::clone(&mute)));
    let _ = requests(from_client, to_server, &shared, &mute).await;
    // Both ways end together.
    back.abort();
}

/// Messages of a client are a byte of kind and a length, but for the first, which has no kind. `Sync` and a simple
/// query each ask for one answer.
async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    mute: &Notify,
) -> io::Result<()> {
    let mut first = true;
    loop {
        let kind = if first { None } else { Some(from.read_u8().await?) };
        first = false;
        let length = from.read_u32().await?;
        let mut body = vec![0; (length as usize).saturating_sub(4)];
        from.read_exact(&mut body).await?;
        if matches!(kind, Some(b'S' | b'Q')) {
            shared.trips.fetch_add(1, Ordering::SeqCst);
            let fault = shared.fault.swap(Fault::None as u8, Ordering::SeqCst);
            if fault == Fault::CutBefore as u8 {
                return Ok(());
            }
            if fault == Fault::Silence as u8 {
                // Until the client hangs up.
                return from.read_u8().await.map(|_| ());
            }
            if fault == Fault::CutAfter as u8 {
                mute.notify_one();
                send(&mut to, kind, length, &body).await?;
                // Long enough for the server to commit; the test sees whether it did.
                tokio::time::sleep(std::time::Duration::from_millis(150)).await;
                return Ok(());
            }
        }
        send(&mut to, kind, length, &body).await?;
    }
}

async fn send(
    to: &mut OwnedWriteHalf,
    kind: Option<u8>,
    length: u32,
    body: &[u8],
) -> io::Result<()> {
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend(length.to_be_bytes());
    message.extend(body);
    to.write_all(&message).await
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mute: Arc<Notify>) {
    let mut buffer = vec![0; 16 * 1024];
    let mut muted = false;
    loop {
        let read = tokio::select! {
            biased;
            () = mute.notified(), if !muted => {
                muted = true;
                continue;
            }
            read = from.read(&mut buffer) => read,
        };
        let Ok(read @ 1..) = read else { return };
        if !muted && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

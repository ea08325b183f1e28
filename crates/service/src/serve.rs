//! Serving the router on a listener, with limits on what comes before a request is one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::header_timeout::HeaderTimer;
use super::routes::router;
use super::service::Service;
use holdall::limits;

/// What a connection is told for which there is no room.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// How long to wait when the machine has no more room for connections.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves a service until `end` is ready. Then it takes no new connections, closes the live ones, lets requests under way come to their
/// end for a while, and closes the store: what was acknowledged is durable when this returns.
pub async fn serve(listener: TcpListener, service: Service, end: impl Future<Output = ()>) {
    let routes = router(service.clone());
    let settings = service.settings();
    let mut http = http1::Builder::new();
    http.header_read_timeout(settings.head_time)
        .max_headers(limits::HEAD_FIELDS)
        .max_buf_size(limits::HEAD_BYTES)
        .half_close(false);
    let room = Arc::new(Semaphore::new(settings.connections));
    let all = u32::try_from(settings.connections).unwrap_or(u32::MAX);
    let mut end = std::pin::pin!(end);
    loop {
        let stream = tokio::select! {
            () = &mut end => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, or the peer was gone again.
                    tracing::warn!(%error, "no connection");
                    sleep(PAUSE).await;
                    continue;
                }
            },
        };
        match room.clone().try_acquire_owned() {
            Ok(permit) => {
                let _ = stream.set_nodelay(true);
                http.timer(HeaderTimer::new(settings.head_time));
                let connection = connection(&http, stream, routes.clone());
                let closing = service.closing();
                tokio::spawn(async move {
                    // Whoever breaks off, or sends what is no HTTP, is not this service's fault.
                    if let Err(error) = run(connection, closing).await {
                        tracing::debug!(%error, "a connection");
                    }
                    drop(permit);
                });
            }
            Err(_) => turn_away(stream),
        }
    }
    drop(listener);
    service.close_live();
    if timeout(settings.drain, room.acquire_many(all)).await.is_err() {
        tracing::warn!("requests were still under way");
    }
    if timeout(settings.drain, service.all_live_gone()).await.is_err() {
        tracing::warn!("live connections were still closing");
    }
    if let Err(refusal) = service.authority().close().await {
        tracing::error!(%refusal, "the store was not closed well");
    }
}

type HttpConnection = http1::UpgradeableConnection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn connection(http: &http1::Builder, stream: TcpStream, routes: Router) -> HttpConnection {
    http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)).with_upgrades()
}

/// Runs a connection, and from when the service is to end no longer than the request that is under way.
async fn run(connection: HttpConnection, mut closing: watch::Receiver<bool>) -> hyper::Result<()> {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        done = &mut connection => return done,
        _ = closing.wait_for(|closing| *closing) => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

fn turn_away(mut stream: TcpStream) {
    tokio::spawn(async move {
        let _ = timeout(Duration::from_secs(1), stream.write_all(FULL)).await;
    });
}

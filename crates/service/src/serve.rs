//! A server for the router, with limits on connections and request heads.

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

/// The answer to a connection above the limit.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\
      Connection: close\r\n\r\n";

/// How long to wait after the machine refused to accept a connection.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves a service until `end` is ready, then shuts down.
///
/// The shutdown stops accepting connections, closes live connections, waits up to
/// [`ServiceSettings::drain`](super::ServiceSettings::drain) for requests in progress, and closes
/// the store. Everything acknowledged is durable when this function returns.
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

    // Accept connections until the end.
    loop {
        let stream = tokio::select! {
            () = &mut end => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, or the peer has disconnected already.
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
                    // The peer broke off, or did not send HTTP: no fault of this service.
                    if let Err(error) = run(connection, closing).await {
                        tracing::debug!(%error, "a connection");
                    }
                    drop(permit);
                });
            }
            Err(_) => turn_away(stream),
        }
    }

    // Let connections in progress finish, then close the store.
    drop(listener);
    service.close_live();
    if timeout(settings.drain, room.acquire_many(all)).await.is_err() {
        tracing::warn!("requests were still in progress");
    }
    if timeout(settings.drain, service.all_live_gone()).await.is_err() {
        tracing::warn!("live connections were still closing");
    }
    if let Err(refusal) = service.authority().close().await {
        tracing::error!(%refusal, "the store was not closed cleanly");
    }
}

type HttpConnection = http1::UpgradeableConnection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn connection(http: &http1::Builder, stream: TcpStream, routes: Router) -> HttpConnection {
    http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)).with_upgrades()
}

/// Runs a connection until it ends. At shutdown, ends it after the request in progress.
async fn run(connection: HttpConnection, mut closing: watch::Receiver<bool>) -> hyper::Result<()> {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        done = &mut connection => return done,
        _ = closing.wait_for(|closing| *closing) => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Answers a connection above the limit with 503 and closes it.
fn turn_away(mut stream: TcpStream) {
    tokio::spawn(async move {
        let _ = timeout(Duration::from_secs(1), stream.write_all(FULL)).await;
    });
}

//! The service: its arguments, its start, and what it does now and then.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use holdall_authority::{Authority, AuthoritySettings};
use holdall_service::{
    self as service, DemoAccounts, GuestsOnly, JwtVerifier, Service, TokenVerifier,
};
use holdall_store::StoreError;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use super::policy;
use crate::journals::end_old;
use crate::operate::now_ms;
use crate::retention::RetentionArgs;
use crate::store_url::{MissingStore, StorePlace};

/// How often old carts are swept, and metrics tidied up.
const UPKEEP: Duration = Duration::from_secs(60);
/// How often old journals are ended, and how long after the start for the first time.
const JOURNALS: Duration = Duration::from_secs(24 * 60 * 60);
const FIRST_JOURNALS: Duration = Duration::from_secs(60 * 60);
/// Carts of each kind that one sweep takes on.
const SWEPT_CARTS: usize = 1_000;
/// Bounds of the times that are counted, in seconds.
const BUCKETS_S: [f64; 12] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];

/// Arguments of the service: its address, its store, and the decisions of the deployment.
#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// A TOML file of these arguments: `guest_days = 30`. What is given here, or is in the
    /// environment, goes before it.
    #[arg(long, env = "HOLDALL_CONFIG")]
    #[allow(dead_code, reason = "it is read before the others")]
    config: Option<PathBuf>,
    /// Where to listen. Port 0 is any that is free; the line that is printed says which.
    #[arg(long, env = "HOLDALL_LISTEN", default_value = "127.0.0.1:7788")]
    listen: SocketAddr,
    #[command(flatten)]
    place: StorePlace,
    /// A cache in front of the store, `redis://HOST/NUMBER`.
    #[arg(long, env = "HOLDALL_CACHE", hide_env_values = true)]
    cache: Option<String>,
    /// What a merge means, as a TOML file with tables `browsing` and `checkout`, each a policy as
    /// stories have it. Default: `sum`, and at checkout `replace-with-guest` with what the account
    /// had saved for later.
    #[arg(long, env = "HOLDALL_POLICY")]
    policy: Option<PathBuf>,
    /// The name of this region: a label of every metric, and in the log where the process says that
    /// it serves.
    #[arg(long, env = "HOLDALL_REGION", default_value = "local")]
    region: String,
    /// The public key, in PEM (RSA, P-256 or Ed25519), of the sign-in whose JSON Web Tokens are
    /// accounts. Without it whoever asks is any account, and it listens to this machine alone.
    #[arg(long, env = "HOLDALL_KEY")]
    key: Option<PathBuf>,
    /// What tokens have to name as their audience. Without it a token that names one is refused.
    #[arg(long, env = "HOLDALL_AUDIENCE", requires = "key")]
    audience: Option<String>,
    /// Origins whose pages may use the service from a browser, with commas between:
    /// `https://shop.example`.
    #[arg(long, env = "HOLDALL_ORIGINS", value_delimiter = ',')]
    origins: Vec<String>,
    #[command(flatten)]
    retention: RetentionArgs,
    /// Requests that are worked on at once; more are sent away.
    #[arg(long, env = "HOLDALL_IN_FLIGHT", default_value_t = holdall::limits::IN_FLIGHT_REQUESTS)]
    in_flight: usize,
    /// Commands of one device in a minute, steadily.
    #[arg(long, env = "HOLDALL_DEVICE_RATE", default_value_t = AuthoritySettings::default().device_rate.per_minute)]
    device_rate: u32,
    /// Commands of one shopper in a minute, all devices together, steadily.
    #[arg(long, env = "HOLDALL_SHOPPER_RATE", default_value_t = AuthoritySettings::default().shopper_rate.per_minute)]
    shopper_rate: u32,
    /// Write the log as JSON.
    #[arg(long, env = "HOLDALL_LOG_JSON")]
    log_json: bool,
}

pub(crate) fn run(arguments: &ServeArgs) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refused(&format!("no threads: {error}")),
    };
    match runtime.block_on(serve(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => refused(&why),
    }
}

fn refused(why: &str) -> ExitCode {
    eprintln!("holdall: {why}");
    ExitCode::from(2)
}

async fn serve(arguments: &ServeArgs) -> Result<(), String> {
    log(arguments.log_json)?;
    let metrics = recorder(&arguments.region)?;
    let settings = settings(arguments)?;
    let opened = arguments.place.open(MissingStore::IfMissing, arguments.cache.as_deref()).await?;
    if !opened.store.is_durable() {
        eprintln!("holdall: the carts are in memory: they end with this process");
    }
    let authority = Arc::new(opened.authority(settings));
    let (service, demo) = service(arguments, authority.clone(), metrics.clone())?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // One line, for people and for scripts that asked for port 0.
    println!("holdall serves carts at http://{address}/");
    if demo {
        eprintln!(
            "holdall: no --key was given: whoever asks on this machine is any account. Open the \
             address in a browser."
        );
    }
    tracing::info!(region = arguments.region, %address, "serving");
    let journals = tokio::spawn(journals(authority.clone()));
    let upkeep = tokio::spawn(upkeep(authority, metrics));
    service::serve(listener, service, ended()).await;
    upkeep.abort();
    journals.abort();
    Ok(())
}

fn service(
    arguments: &ServeArgs,
    authority: Arc<Authority>,
    metrics: PrometheusHandle,
) -> Result<(Service, bool), String> {
    let origins = arguments.origins.clone();
    if let Some(odd) = origins.iter().find(|origin| !is_origin(origin)) {
        return Err(format!(
            "{odd} is no origin: give scheme, host and port, as https://shop.example"
        ));
    }
    let http = service::ServiceSettings {
        in_flight: arguments.in_flight,
        origins,
        ..service::ServiceSettings::default()
    };
    let verifier: Arc<dyn TokenVerifier> = match &arguments.key {
        None => Arc::new(GuestsOnly),
        Some(path) => {
            let pem =
                std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let verifier = JwtVerifier::public_key(&pem, arguments.audience.as_deref());
            Arc::new(verifier.map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let builder = Service::builder(authority, verifier).settings(http).metrics(metrics);
    if arguments.key.is_some() {
        return Ok((builder.build(), false));
    }
    let here = match arguments.listen.ip() {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback(),
    };
    if !here {
        let listen = arguments.listen;
        return Err(format!(
            "without --key whoever asks is any account, which is for this machine alone: give a \
             key, or do not listen on {listen}"
        ));
    }
    Ok((builder.demo(DemoAccounts::new(random()?)).build(), true))
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    })
}

fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bits = [0; N];
    getrandom::fill(&mut bits).map_err(|error| format!("no random bits: {error}"))?;
    Ok(bits)
}

fn settings(arguments: &ServeArgs) -> Result<AuthoritySettings, String> {
    let mut settings = AuthoritySettings::default();
    if let Some(path) = &arguments.policy {
        settings.policies = policy::read(path)?;
    }
    settings.retention = arguments.retention.retention();
    settings.device_rate.per_minute = arguments.device_rate;
    settings.device_rate.burst = settings.device_rate.burst.max(arguments.device_rate / 5);
    settings.shopper_rate.per_minute = arguments.shopper_rate;
    settings.shopper_rate.burst = settings.shopper_rate.burst.max(arguments.shopper_rate / 5);
    Ok(settings)
}

/// Begins to log to standard error what `HOLDALL_LOG` asks for: a level, or levels by target.
fn log(json: bool) -> Result<(), String> {
    let asked = std::env::var("HOLDALL_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter: Targets = asked.parse().map_err(|error| {
        format!(
            "HOLDALL_LOG={asked}: {error}; give a level (error, warn, info, debug, trace) or \
         target=level"
        )
    })?;
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    // Somebody who set another up keeps it.
    let _ = if json {
        registry.with(log.json().with_filter(filter)).try_init()
    } else {
        registry.with(log.with_filter(filter)).try_init()
    };
    Ok(())
}

fn recorder(region: &str) -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .add_global_label("region", region)
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_S)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("no metrics: {error}"))
}

/// Sweeps old carts and tidies up metrics, once a minute.
async fn upkeep(authority: Arc<Authority>, metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
        match authority.sweep(now_ms(), SWEPT_CARTS).await {
            Ok(swept) => tracing::debug!(?swept, "swept"),
            Err(refusal) => tracing::warn!(%refusal, "not swept"),
        }
    }
}

/// Drops old entries of journals, once a day. The first time comes an hour after the start, since
/// every cart is read.
async fn journals(authority: Arc<Authority>) {
    let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + FIRST_JOURNALS, JOURNALS);
    loop {
        tick.tick().await;
        let damaged = |damage: Option<StoreError>| {
            if let Some(error) = damage {
                tracing::error!(%error, "a damaged record");
            }
        };
        match end_old(&authority, now_ms(), damaged).await {
            Ok(appends) => tracing::debug!(appends, "journals ended"),
            Err(refusal) => tracing::warn!(%refusal, "journals not ended"),
        }
    }
}

/// Returns when the process is asked to end.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

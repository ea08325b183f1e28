//! What the commands of operators share: the store they open, their errors, their output.

use std::io::{self, Write};

use holdall::CartId;
use holdall_authority::{Authority, AuthoritySettings, Refusal};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::store_url::{MissingStore, StorePlace, causes};

/// A store, and the form of the output.
#[derive(clap::Args)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    pub(super) place: StorePlace,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Reason why a command ended early.
pub(super) enum OperateError {
    /// What was asked for cannot be: status 2.
    Input(String),
    /// Something is not as it should be: status 1.
    Wrong(String),
    /// Whoever read the output, as `head` does, has enough: status 1, without a word.
    Unread,
}

impl From<Refusal> for OperateError {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::NotYours { cart } => Self::Input(format!("there is no cart {cart} here")),
            Refusal::Erased => Self::Input("the cart was erased".to_owned()),
            Refusal::Archive { .. } | Refusal::CartTaken { .. } | Refusal::TooLongAgo { .. } => {
                Self::Input(causes(&refusal))
            }
            _ => Self::Wrong(causes(&refusal)),
        }
    }
}

impl From<io::Error> for OperateError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Wrong(error.to_string()),
        }
    }
}

impl StoreArgs {
    pub(super) async fn open(&self, make: MissingStore) -> Result<Authority, OperateError> {
        self.open_with(make, None, AuthoritySettings::default()).await
    }

    /// Opens the store, behind a cache if one is named, with the deployment's settings.
    pub(super) async fn open_with(
        &self,
        make: MissingStore,
        cache: Option<&str>,
        settings: AuthoritySettings,
    ) -> Result<Authority, OperateError> {
        let opened = self.place.open(make, cache).await.map_err(OperateError::Input)?;
        Ok(opened.authority(settings))
    }
}

/// Ends: what was written is durable.
pub(super) async fn close(authority: &Authority) -> Result<(), OperateError> {
    Ok(authority.close().await?)
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// Formats a time for people.
pub(super) fn time(ms: u64) -> String {
    let stamp = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    stamp.map_or_else(|| format!("{ms} ms"), |stamp| stamp.to_string())
}

pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), OperateError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| OperateError::Wrong(error.to_string()))?;
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Makes a progress line, which shows on a terminal alone.
pub(super) fn progress(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {pos} {msg}, {per_sec}, {elapsed}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())).with_message(what)
}

/// Lists the carts after one, a page at a time.
pub(super) async fn page(
    authority: &Authority,
    after: Option<CartId>,
) -> Result<Vec<CartId>, OperateError> {
    const PAGE: usize = 500;
    Ok(authority.store().carts(after, PAGE).await.map_err(Refusal::from)?)
}

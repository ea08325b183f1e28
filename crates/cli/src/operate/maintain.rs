//! `holdall verify`, `holdall sweep` and `holdall erase`.

use std::io::{self, Write};

use holdall::CartId;
use holdall_authority::{AccountId, AuthoritySettings, Caller, Receipt, Swept};

use super::store_args::{OperateError, StoreArgs, close, now_ms, print_json, progress, time};
use crate::journals::end_old;
use crate::retention::RetentionArgs;
use crate::store_url::{MissingStore, StorePlace};

/// Number of carts that are handled at a time.
const AT_ONCE: usize = 500;

/// Look through a store. Exit status 1 if a cart is damaged.
#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// Let carts expire that nobody touched for long, and drop old entries of journals.
#[derive(clap::Args)]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    retention: RetentionArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Erase a shopper, for good.
#[derive(clap::Args)]
pub(crate) struct EraseArgs {
    /// The account, as the sign-in names it: its cart and the guest carts that were merged into it.
    #[arg(long, required_unless_present = "guest")]
    account: Option<String>,
    /// A guest cart that nobody has claimed.
    #[arg(long, conflicts_with = "account", value_name = "CART")]
    guest: Option<CartId>,
    /// Confirm: an erasure cannot be taken back.
    #[arg(long, required = true)]
    yes: bool,
    /// The cache in front of the store, `redis://HOST/NUMBER`: what it has of these carts goes too.
    #[arg(long, env = "HOLDALL_CACHE", hide_env_values = true)]
    cache: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Give a folder that was put back from a backup a new incarnation.
#[derive(clap::Args)]
pub(crate) struct RestoredArgs {
    #[command(flatten)]
    place: StorePlace,
}

pub(super) fn restored(arguments: &RestoredArgs) -> Result<(), OperateError> {
    arguments.place.renew().map_err(OperateError::Input)?;
    writeln!(io::stdout(), "the store has another incarnation: it can be served")?;
    Ok(())
}

pub(super) async fn verify(arguments: &VerifyArgs) -> Result<(), OperateError> {
    let authority = arguments.store.open(MissingStore::Never).await?;
    let bar = progress("carts verified");
    let (mut carts, mut appends, mut damaged) = (0, 0, Vec::new());
    let mut next = None;
    loop {
        let found = authority.verify(next, AT_ONCE).await?;
        carts += found.carts;
        appends += found.appends;
        bar.inc(found.carts);
        damaged.extend(found.damaged.into_iter().map(|(cart, error)| (cart, error.to_string())));
        next = found.next;
        if next.is_none() {
            break;
        }
    }
    bar.finish_and_clear();
    close(&authority).await?;
    if arguments.store.json {
        let list: Vec<_> = damaged
            .iter()
            .map(|(cart, why)| serde_json::json!({ "cart": cart, "why": why }))
            .collect();
        let found = serde_json::json!({ "carts": carts, "appends": appends, "damaged": list });
        print_json(&found)?;
    } else {
        let mut out = io::stdout().lock();
        for (_, why) in &damaged {
            writeln!(out, "{why}")?;
        }
        writeln!(out, "{carts} carts, {appends} appends, {} damaged", damaged.len())?;
    }
    match damaged.len() {
        0 => Ok(()),
        some => Err(OperateError::Wrong(format!("{some} carts are damaged"))),
    }
}

pub(super) async fn sweep(arguments: &SweepArgs) -> Result<(), OperateError> {
    let settings = AuthoritySettings {
        retention: arguments.retention.retention(),
        ..AuthoritySettings::default()
    };
    let authority = arguments.store.open_with(MissingStore::Never, None, settings).await?;
    let now_ms = now_ms();
    let bar = progress("carts swept");
    let mut all = Swept::default();
    loop {
        let swept = authority.sweep(now_ms, AT_ONCE).await?;
        all.expired += swept.expired;
        all.removed += swept.removed;
        all.skipped = swept.skipped;
        bar.inc(swept.expired + swept.removed);
        // What is skipped is listed again: it is no progress.
        if swept.expired + swept.removed == 0 {
            break;
        }
    }
    let folded = end_old(&authority, now_ms, |damage| {
        if let Some(error) = damage {
            bar.suspend(|| eprintln!("holdall: {error}"));
        }
        bar.inc(1);
    })
    .await?;
    bar.finish_and_clear();
    close(&authority).await?;
    if arguments.store.json {
        let mut value =
            serde_json::to_value(all).map_err(|why| OperateError::Wrong(why.to_string()))?;
        value["folded"] = folded.into();
        return print_json(&value);
    }
    let Swept { expired, removed, skipped } = all;
    let mut out = io::stdout();
    writeln!(out, "{expired} carts expired, {removed} empty ones removed, {skipped} skipped")?;
    writeln!(out, "{folded} appends of the journal ended")?;
    Ok(())
}

pub(super) async fn erase(arguments: &EraseArgs) -> Result<(), OperateError> {
    let cache = arguments.cache.as_deref();
    let authority =
        arguments.store.open_with(MissingStore::Never, cache, AuthoritySettings::default()).await?;
    let server = Caller::server();
    let receipt: Receipt = match (&arguments.account, arguments.guest) {
        (Some(name), _) => {
            let account =
                AccountId::new(name).map_err(|error| OperateError::Input(error.to_string()))?;
            authority.erase(now_ms(), &server, &account).await?
        }
        (None, Some(guest)) => authority.erase_guest(now_ms(), &server, guest).await?,
        (None, None) => {
            return Err(OperateError::Input("name an account or a guest cart".to_owned()));
        }
    };
    close(&authority).await?;
    if arguments.store.json {
        return print_json(&receipt);
    }
    let mut out = io::stdout().lock();
    writeln!(out, "erased at {}", time(receipt.at_ms))?;
    writeln!(out, "{} appends, {} bytes", receipt.appends, receipt.bytes)?;
    for cart in &receipt.carts {
        writeln!(out, "cart {cart}")?;
    }
    if receipt.carts.is_empty() {
        writeln!(out, "there was nothing to erase")?;
    }
    Ok(())
}

//! `holdall inspect` and `holdall explain`.

use std::io::{self, Write};

use holdall::view::PlainPhrasing;
use holdall::{CartId, Explanation, LineKey, Row};
use holdall_authority::{Actor, Caller, CartSnapshot, Entry, Inspected, When};

use super::store_args::{OperateError, StoreArgs, close, print_json, time};
use crate::store_url::MissingStore;

/// Show a cart.
#[derive(clap::Args)]
pub(crate) struct InspectArgs {
    /// The cart's id.
    cart: CartId,
    /// Show the last N entries of the journal too.
    #[arg(long, default_value_t = 0, value_name = "N")]
    journal: u64,
    #[command(flatten)]
    store: StoreArgs,
}

/// Say why a cart shows what it shows.
#[derive(clap::Args)]
pub(crate) struct ExplainArgs {
    /// The cart's id.
    cart: CartId,
    /// Explain the cart at a time (2026-11-21T10:00:00Z), as far as the journal goes back.
    #[arg(long, conflicts_with = "revision")]
    at: Option<jiff::Timestamp>,
    /// Explain the cart after its first N changes.
    #[arg(long, value_name = "N")]
    revision: Option<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn inspect(arguments: &InspectArgs) -> Result<(), OperateError> {
    let authority = arguments.store.open(MissingStore::Never).await?;
    let found = authority.inspect(arguments.cart).await?;
    let after = found.snapshot.revision.saturating_sub(arguments.journal);
    let limit = usize::try_from(arguments.journal).unwrap_or(usize::MAX);
    let journal = authority.journal(&Caller::server(), arguments.cart, after, limit).await?;
    close(&authority).await?;
    if arguments.store.json {
        let mut value =
            serde_json::to_value(&found).map_err(|why| OperateError::Wrong(why.to_string()))?;
        value["journal"] = journal.iter().map(entry_json).collect();
        return print_json(&value);
    }
    let mut out = io::stdout().lock();
    record(&mut out, &found)?;
    rows(&mut out, &found.snapshot)?;
    for entry in &journal {
        writeln!(out, "{}", entry_line(entry))?;
    }
    Ok(())
}

pub(super) async fn explain(arguments: &ExplainArgs) -> Result<(), OperateError> {
    let authority = arguments.store.open(MissingStore::Never).await?;
    let when = match (arguments.at, arguments.revision) {
        (Some(at), _) => When::Time(u64::try_from(at.as_millisecond()).unwrap_or(0)),
        (None, Some(revision)) => When::Revision(revision),
        (None, None) => When::Revision(u64::MAX),
    };
    let (shown, why) = if when == When::Revision(u64::MAX) {
        let server = Caller::server();
        let shown = authority.read(&server, arguments.cart).await?;
        (shown, authority.explain(&server, arguments.cart).await?)
    } else {
        authority.back(&Caller::server(), arguments.cart, when).await?
    };
    close(&authority).await?;
    if arguments.store.json {
        return print_json(&serde_json::json!({ "cart": shown, "lines": why }));
    }
    let mut out = io::stdout().lock();
    writeln!(out, "cart {}, revision {}", shown.cart, shown.revision)?;
    for sentence in why.iter().flat_map(|line: &Explanation| line.sentences(&PlainPhrasing)) {
        writeln!(out, "{sentence}")?;
    }
    if why.is_empty() {
        writeln!(out, "There is nothing in it.")?;
    }
    for notice in &shown.view.notices {
        writeln!(out, "{notice}")?;
    }
    Ok(())
}

fn record(out: &mut impl Write, found: &Inspected) -> io::Result<()> {
    let Inspected { snapshot, owner, class, .. } = found;
    let claimed = if found.claimed { ", claimed by an account" } else { "" };
    writeln!(out, "cart         {}", snapshot.cart)?;
    writeln!(out, "owner        {owner}{claimed}")?;
    writeln!(out, "class        {class}, last activity {}", time(found.at_ms))?;
    writeln!(out, "revision     {}, {} appends in the log", snapshot.revision, found.appends)?;
    let (writers, retired) = found.writers;
    writeln!(out, "writers      {writers} registered, {retired} retired")?;
    writeln!(out, "state        {} live entries, {} bytes", found.entries, found.bytes)?;
    writeln!(out, "fingerprint  {}", found.fingerprint)
}

fn rows(out: &mut impl Write, shown: &CartSnapshot) -> io::Result<()> {
    for (list, rows) in [("in the cart", &shown.view.lines), ("saved", &shown.view.saved)] {
        for row in rows {
            writeln!(out, "{list:<12} {:>8}  {}", row.quantity, name(row))?;
        }
    }
    for code in &shown.view.coupons {
        writeln!(out, "coupon       {code}")?;
    }
    for order in &shown.view.orders {
        writeln!(out, "order        {} of {} lines", order.id, order.lines.len())?;
    }
    for notice in &shown.view.notices {
        writeln!(out, "notice       {notice}")?;
    }
    Ok(())
}

fn name(row: &Row) -> String {
    let line: &LineKey = &row.line;
    match &row.side {
        None => line.to_string(),
        Some(side) => format!("{line} ({side:?})"),
    }
}

fn entry_line(entry: &Entry) -> String {
    let note = entry.note.as_ref();
    let by = note.map_or_else(
        || "?".to_owned(),
        |note| match &note.by {
            Actor::Guest(digest) => format!("guest {digest}"),
            Actor::Account(digest) => format!("account {digest}"),
            Actor::Staff(name) => format!("staff {name}"),
            Actor::Server => "server".to_owned(),
        },
    );
    let what = note.map_or("?", |note| note.what.as_str());
    let outcome = note.and_then(|note| note.outcome.as_deref()).unwrap_or("done");
    let key = entry.key.map_or_else(String::new, |key| format!(", key {key:032x}"));
    format!("#{:<10} {} {by}: {what}, {outcome}{key}", entry.revision, time(entry.at_ms))
}

fn entry_json(entry: &Entry) -> serde_json::Value {
    serde_json::json!({
        "revision": entry.revision,
        "at_ms": entry.at_ms,
        "note": entry.note,
        "key": entry.key.map(|key| format!("{key:032x}")),
        "delta_bytes": entry.delta_bytes,
    })
}

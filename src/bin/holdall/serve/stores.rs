//! Which store, by what was said of it.

use std::sync::Arc;

use holdall::store::{MemoryStore, Store};

/// Opens the store that `--store` names, behind the cache that `--cache` names.
pub(super) async fn open(
    name: Option<&str>,
    cache: Option<&str>,
) -> Result<Arc<dyn Store>, String> {
    let name = name.unwrap_or("memory:");
    #[cfg(feature = "postgres")]
    if name.starts_with("postgres://") || name.starts_with("postgresql://") {
        return behind(cache, postgres(name).await?);
    }
    match name {
        "memory:" => behind(cache, MemoryStore::new(u128::from_be_bytes(super::random()?))),
        other => Err(format!("this build knows no store such as {}", without_secret(other))),
    }
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str) -> Result<impl Store, String> {
    use holdall::store::{PostgresOptions, PostgresStore, postgres::tokio_postgres};
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", without_secret(url));
    let config: tokio_postgres::Config = url.parse().map_err(|error| at(&error))?;
    PostgresStore::open(config, PostgresOptions::default()).await.map_err(|error| at(&error))
}

#[cfg(feature = "redis")]
fn behind(cache: Option<&str>, store: impl Store) -> Result<Arc<dyn Store>, String> {
    use holdall::store::{Cached, CachedOptions, cached::redis};
    let Some(url) = cache else { return Ok(Arc::new(store)) };
    let client = redis::Client::open(url);
    let client = client.map_err(|error| format!("{}: {error}", without_secret(url)))?;
    Ok(Arc::new(Cached::new(store, client, CachedOptions::default())))
}

#[cfg(not(feature = "redis"))]
fn behind(cache: Option<&str>, store: impl Store) -> Result<Arc<dyn Store>, String> {
    match cache {
        None => Ok(Arc::new(store)),
        Some(url) => Err(format!("this build knows no cache such as {}", without_secret(url))),
    }
}

/// A URL without the user and password that may be in it.
fn without_secret(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_secret;

    #[test]
    fn a_password_is_not_told() {
        assert_eq!(without_secret("postgres://u:p@db/carts"), "postgres://db/carts");
        assert_eq!(without_secret("memory:"), "memory:");
    }
}

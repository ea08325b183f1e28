//! The store that an argument names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdall_authority::{Authority, AuthoritySettings};
use holdall_store::{
    ChangeFeed, EmbeddedStore, LocalFeed, MemoryStore, NoViewCache, Store, ViewCache,
};

/// A store by its place.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StorePlace {
    /// Where the carts are: a folder, `postgres://USER@HOST/DATABASE`, or `memory:` for as long as
    /// the process lives. Default: a folder `holdall/carts` in the data directory.
    #[arg(long, env = "HOLDALL_STORE", value_name = "PATH-or-URL", hide_env_values = true)]
    store: Option<String>,
}

/// An open store with what stands beside it.
pub(crate) struct OpenStore {
    pub(crate) store: Arc<dyn Store>,
    feed: Arc<dyn ChangeFeed>,
    views: Arc<dyn ViewCache>,
}

impl OpenStore {
    /// Returns a store that one process has open.
    fn alone(store: impl Store, views: Arc<dyn ViewCache>) -> Self {
        Self { store: Arc::new(store), feed: Arc::new(LocalFeed::default()), views }
    }

    /// Returns an authority over the store.
    pub(crate) fn authority(self, settings: AuthoritySettings) -> Authority {
        let Self { store, feed, views } = self;
        Authority::new(store, settings).with_change_feed(feed).with_view_cache(views)
    }
}

/// Decision about a store that does not exist yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingStore {
    IfMissing,
    Never,
}

impl StorePlace {
    /// Opens the store, with the view cache at a URL if one is named.
    pub(crate) async fn open(
        &self,
        make: MissingStore,
        cache: Option<&str>,
    ) -> Result<OpenStore, String> {
        let views = view_cache(cache)?;
        match self.store.as_deref() {
            Some("memory:") => Ok(OpenStore::alone(MemoryStore::new(random()?), views)),
            Some(url) if url.contains("://") => database(url, views).await,
            Some(folder) => Ok(OpenStore::alone(embedded(folder.into(), make)?, views)),
            None => Ok(OpenStore::alone(embedded(default_folder()?, make)?, views)),
        }
    }

    /// Says of a folder that it was put back from a backup.
    pub(crate) fn renew(&self) -> Result<(), String> {
        let folder = match self.store.as_deref() {
            Some("memory:") => return Err("what is in memory has no backups".to_owned()),
            Some(url) if url.contains("://") => {
                return Err(format!(
                    "{}: there it is one statement, before anything is served: UPDATE \
                     holdall_store SET incarnation = gen_random_uuid()",
                    without_secret(url)
                ));
            }
            Some(folder) => folder.into(),
            None => default_folder()?,
        };
        if !folder.is_dir() {
            return Err(no_store(&folder));
        }
        let renewed = EmbeddedStore::restore(&folder, random()?);
        renewed.map(drop).map_err(|error| format!("{}: {}", folder.display(), causes(&error)))
    }
}

fn no_store(folder: &Path) -> String {
    format!("{}: there is no store here; name one with --store", folder.display())
}

fn embedded(folder: PathBuf, make: MissingStore) -> Result<EmbeddedStore, String> {
    if make == MissingStore::Never && !folder.is_dir() {
        return Err(no_store(&folder));
    }
    let opened = EmbeddedStore::open(&folder, random()?);
    opened.map_err(|error| format!("{}: {}", folder.display(), causes(&error)))
}

fn random() -> Result<u128, String> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| format!("no random bits: {error}"))?;
    Ok(u128::from_be_bytes(bits))
}

#[cfg(feature = "postgres")]
async fn database(url: &str, views: Arc<dyn ViewCache>) -> Result<OpenStore, String> {
    use holdall_store::postgres::tokio_postgres::Config;
    use holdall_store::{PostgresFeed, PostgresOptions, PostgresStore};
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(format!("{}: a store is a folder or a postgres:// URL", without_secret(url)));
    }
    let at = |error: &dyn std::error::Error| format!("{}: {}", without_secret(url), causes(error));
    let config: Config = url.parse().map_err(|error| at(&error))?;
    let options = PostgresOptions::default();
    let store = PostgresStore::open(config.clone(), options.clone()).await;
    let store = Arc::new(store.map_err(|error| at(&error))?);
    let feed = Arc::new(PostgresFeed::new(config, &options));
    Ok(OpenStore { store, feed, views })
}

#[cfg(not(feature = "postgres"))]
async fn database(url: &str, _: Arc<dyn ViewCache>) -> Result<OpenStore, String> {
    let url = without_secret(url);
    Err(format!("{url}: this build knows no databases; build it with --features postgres"))
}

#[cfg(feature = "redis")]
fn view_cache(url: Option<&str>) -> Result<Arc<dyn ViewCache>, String> {
    use holdall_store::{RedisViewCache, RedisViewOptions, cached::redis};
    let Some(url) = url else { return Ok(Arc::new(NoViewCache)) };
    let client = redis::Client::open(url);
    let client = client.map_err(|error| format!("{}: {}", without_secret(url), causes(&error)))?;
    Ok(Arc::new(RedisViewCache::new(client, RedisViewOptions::default())))
}

#[cfg(not(feature = "redis"))]
fn view_cache(url: Option<&str>) -> Result<Arc<dyn ViewCache>, String> {
    let Some(url) = url.map(without_secret) else { return Ok(Arc::new(NoViewCache)) };
    Err(format!("{url}: this build knows no caches; build it with --features redis"))
}

/// Returns the folder for data of programs on this platform.
fn default_folder() -> Result<PathBuf, String> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .or_else(|| set("LOCALAPPDATA"))
        .map(|data| data.join("holdall").join("carts"))
        .ok_or_else(|| "there is no data directory: name a store with --store".to_owned())
}

/// Returns a URL without the user and password that may be in it.
fn without_secret(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

/// Formats an error with its causes.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
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

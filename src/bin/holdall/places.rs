//! Which store an argument names.

use std::path::PathBuf;
use std::sync::Arc;

use holdall::store::{EmbeddedStore, Store};

/// A store by its place: a folder, or the URL of a database.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// Where the carts are: a folder, or `postgres://USER@HOST/DATABASE`. Default: a folder `holdall/carts` in the
    /// data directory.
    #[arg(long, env = "HOLDALL_STORE", value_name = "PATH-or-URL")]
    store: Option<String>,
}

/// Whether a store may be made where none is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    IfMissing,
    Never,
}

impl Place {
    /// Opens it.
    pub(crate) async fn open(&self, make: Make) -> Result<Arc<dyn Store>, String> {
        match &self.store {
            Some(url) if url.contains("://") => database(url).await,
            Some(folder) => embedded(PathBuf::from(folder), make),
            None => embedded(default_folder()?, make),
        }
    }
}

fn embedded(folder: PathBuf, make: Make) -> Result<Arc<dyn Store>, String> {
    if make == Make::Never && !folder.is_dir() {
        return Err(format!("{}: there is no store here; name one with --store", folder.display()));
    }
    let mut fresh = [0; 16];
    getrandom::fill(&mut fresh).map_err(|error| format!("no random bits: {error}"))?;
    let opened = EmbeddedStore::open(&folder, u128::from_be_bytes(fresh));
    let store = opened.map_err(|error| format!("{}: {}", folder.display(), causes(&error)))?;
    Ok(Arc::new(store))
}

#[cfg(feature = "postgres")]
async fn database(url: &str) -> Result<Arc<dyn Store>, String> {
    use holdall::store::{PostgresOptions, PostgresStore, postgres::tokio_postgres::Config};
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err("a store is a folder or a postgres:// URL".to_owned());
    }
    // The URL may have a password in it: it is in no message.
    let config: Config =
        url.parse().map_err(|_| "the postgres:// URL cannot be read".to_owned())?;
    let store = PostgresStore::open(config, PostgresOptions::default()).await;
    Ok(Arc::new(store.map_err(|error| causes(&error))?))
}

#[cfg(not(feature = "postgres"))]
async fn database(_: &str) -> Result<Arc<dyn Store>, String> {
    Err("this build knows no databases: build it with --features postgres".to_owned())
}

/// Where the platform keeps what programs keep.
fn default_folder() -> Result<PathBuf, String> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .or_else(|| set("LOCALAPPDATA"))
        .map(|data| data.join("holdall").join("carts"))
        .ok_or_else(|| "there is no data directory: name a store with --store".to_owned())
}

/// An error with what caused it.
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

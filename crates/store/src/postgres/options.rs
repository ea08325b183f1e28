//! What a deployment may choose.

use std::time::Duration;

use holdall::limits;

/// How a [`PostgresStore`](super::PostgresStore) uses its server.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Connections at most. Each carries one command at a time; commands beyond wait for one.
    pub connections: usize,
    /// How long a command waits for a connection, a new one included. Then it is
    /// [`Unavailable`](crate::StoreError::Unavailable).
    pub connect: Duration,
    /// How long a statement may take on the server, locks included. The server ends it then, and nothing has happened.
    /// A server that does not answer for a while longer is given up, and a write is
    /// [`Unknown`](crate::StoreError::Unknown).
    pub statement: Duration,
}

impl PostgresOptions {
    /// How much longer than the server the client waits: most answers to a late statement come in that.
    pub(super) const GRACE: Duration = Duration::from_millis(limits::POSTGRES_GRACE_MS);
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: limits::POSTGRES_CONNECTIONS,
            connect: Duration::from_millis(limits::POSTGRES_CONNECT_MS),
            statement: Duration::from_millis(limits::POSTGRES_STATEMENT_MS),
        }
    }
}

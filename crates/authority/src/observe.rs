//! Counts and spans of commands.

use std::time::Instant;

use tracing::Instrument;

use super::authority::Authority;
use super::refusal::Refusal;

impl Authority {
    /// Counts a command and its time, and puts it in a span. The work goes into a box at once: a
    /// future is moved several times before it is waited for.
    pub(super) fn observed<T>(
        &self,
        command: &'static str,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> impl Future<Output = Result<T, Refusal>> {
        let work = Box::pin(work);
        async move { self.observed_since(Instant::now(), command, work).await }
    }

    /// Counts a command that began earlier, and puts the rest of it in a span.
    pub(super) async fn observed_since<T>(
        &self,
        began: Instant,
        command: &'static str,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let span = tracing::debug_span!("command", command);
        let result = work.instrument(span).await;
        self.observe(began, command, result.as_ref().err());
        result
    }

    /// Counts a command that has ended, and how it ended.
    pub(super) fn observe(&self, began: Instant, command: &'static str, refusal: Option<&Refusal>) {
        let outcome = refusal.map_or("done", Refusal::kind);
        self.metrics.count(command, outcome, began.elapsed().as_secs_f64());
        if let Some(Refusal::Store(error)) = refusal {
            tracing::warn!(command, %error, "the store refused");
        }
    }
}

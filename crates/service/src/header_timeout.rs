//! The time-out of request heads.
//!
//! Setting and cancelling a timer for every request would take the lock on all timers of the
//! process twice. Each connection has one timer instead. It runs to the first deadline, and is set
//! again only if the deadline has moved by then.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// The timer of one connection.
#[derive(Clone)]
pub(super) struct HeaderTimer(Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>);

impl HeaderTimer {
    /// Makes the timer of a new connection, with the time until the first deadline.
    pub(super) fn new(first: Duration) -> Self {
        Self(Arc::new(Mutex::new(Box::pin(tokio::time::sleep(first)))))
    }
}

impl Timer for HeaderTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(DeadlineSleep { timer: self.clone(), deadline })
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        *sleep = self.sleep_until(new_deadline);
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

/// A future that is ready at a deadline. Only the last one of a connection is polled.
struct DeadlineSleep {
    timer: HeaderTimer,
    deadline: Instant,
}

impl Sleep for DeadlineSleep {}

impl Future for DeadlineSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut timer = self.timer.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // A pending timer that fires no later than the deadline will wake this task in time.
            let set_for: Instant = timer.deadline().into();
            if timer.as_mut().poll(cx).is_pending() && set_for <= self.deadline {
                return Poll::Pending;
            }
            // The timer has fired: at this deadline, or at an earlier one, and is then set again.
            if set_for == self.deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(self.deadline.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many seconds a wait of so many is over.
    async fn waits(timer: &HeaderTimer, seconds: u64) -> f64 {
        let began = tokio::time::Instant::now();
        timer.sleep(Duration::from_secs(seconds)).await;
        began.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_lasts_as_long_as_it_is_to() {
        let timer = HeaderTimer::new(Duration::from_secs(20));
        // Given up half way, as when a head has come.
        let given_up = tokio::time::timeout(Duration::from_secs(15), waits(&timer, 20)).await;
        assert!(given_up.is_err());
        // Later than the timer is set for, sooner, at once, and long after it has run out.
        for seconds in [20, 3, 0, 40, 40, 1] {
            let waited = waits(&timer, seconds).await;
            assert!((waited - seconds as f64).abs() < 0.01, "{waited} s for {seconds}");
        }
        tokio::time::advance(Duration::from_secs(100)).await;
        assert!((waits(&timer, 7).await - 7.0).abs() < 0.01);
    }
}

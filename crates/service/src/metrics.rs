//! Metrics of requests: counts and durations, by route.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use metrics::{Counter, Histogram};

/// The metrics of requests. Each series is registered with the process's recorder once and kept.
#[derive(Default)]
pub(super) struct RequestMetrics(RwLock<BTreeMap<String, Vec<RouteMetrics>>>);

#[derive(Clone)]
struct RouteMetrics {
    method: &'static str,
    status: u16,
    requests: Counter,
    seconds: Histogram,
}

impl RequestMetrics {
    /// Counts a request that took so many seconds. The caller must pass known methods and routes
    /// only, since each combination is a series.
    pub(super) fn count(&self, method: &'static str, route: &str, status: u16, seconds: f64) {
        let is_it = |meter: &&RouteMetrics| meter.method == method && meter.status == status;
        let meters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = meters.get(route).and_then(|of_route| of_route.iter().find(is_it)) {
            meter.count(seconds);
            return;
        }

        // The first request of this kind: register the series.
        drop(meters);
        let meter = RouteMetrics::new(method, route, status);
        meter.count(seconds);
        let mut meters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_route = meters.entry(route.to_owned()).or_default();
        if !of_route.iter().any(|meter| is_it(&meter)) {
            of_route.push(meter);
        }
    }
}

impl RouteMetrics {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned())];
        let seconds = metrics::histogram!("holdall_http_seconds", &labels);
        let [by_method, by_route] = labels;
        let labels = [by_method, by_route, ("status", status.to_string())];
        let requests = metrics::counter!("holdall_http_requests_total", &labels);
        Self { method, status, requests, seconds }
    }

    fn count(&self, seconds: f64) {
        self.requests.increment(1);
        self.seconds.record(seconds);
    }
}

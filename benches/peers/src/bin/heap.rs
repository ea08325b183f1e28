//! Counts the heap of a resident cart, for each subject. `peers` runs it for W6.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let live = || {
        let stats = ALLOCATOR.stats();
        stats.bytes_allocated - stats.bytes_deallocated
    };
    for (name, [edited, loaded]) in peers::heap::count(&live) {
        println!("{name} {edited} {loaded}");
    }
}

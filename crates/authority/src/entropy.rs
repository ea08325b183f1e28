//! Random bits.

/// A source of random bits: the operating system, or a test's seed.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Returns 256 random bits.
    fn bits(&self) -> [u8; 32];
}

/// The operating system's random bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bits(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        // Without random bits there are no tokens; an embedder cannot go on either.
        getrandom::fill(&mut bits).unwrap_or_else(|error| panic!("no random bits: {error}"));
        bits
    }
}

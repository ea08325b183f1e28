//! The checksum of what a store has in somebody else's keeping.

/// CRC-32 of some parts and of their lengths, so that nothing can move from one part to the next unseen.
pub(super) fn checksum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()
}

//! One record as bytes. The [module](super) has the format in words.

use crate::{Append, Class, Logged, RequestKey};
use holdall::id::CartId;
use holdall::sabotage;

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    /// An append.
    Entry = 1,
    /// A cart's header.
    Header = 2,
    /// A snapshot of its state.
    Snapshot = 3,
    /// What the folded part of its log came to, or the marker of its erasure.
    Base = 4,
}

/// What every record begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RecordHeader {
    pub(super) kind: Kind,
    pub(super) class: Class,
    pub(super) cart: CartId,
    pub(super) revision: u64,
    pub(super) at_ms: u64,
    /// The revision of the header that the cart has then, 0 if it has none. So one that is lost is missed.
    pub(super) header: u64,
}

const LEAD_BYTES: usize = 42;
const SUM_BYTES: usize = 4;
const BODY: usize = LEAD_BYTES + SUM_BYTES;

/// What is wrong with a record.
pub(super) type Wrong = &'static str;

impl RecordHeader {
    fn begin(&self, room: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BODY + room + SUM_BYTES);
        bytes.extend([self.kind as u8, self.class as u8]);
        bytes.extend(self.cart.as_u128().to_be_bytes());
        bytes.extend(self.revision.to_le_bytes());
        bytes.extend(self.at_ms.to_le_bytes());
        bytes.extend(self.header.to_le_bytes());
        seal(bytes)
    }

    /// A record of bytes that mean nothing here.
    pub(super) fn record(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = self.begin(body.len());
        bytes.extend(body);
        seal(bytes)
    }

    /// A record of an append.
    pub(super) fn entry(&self, append: &Append) -> Vec<u8> {
        let Append { delta, note, key, .. } = append;
        let mut bytes = self.begin(delta.len() + note.len() + 53);
        bytes.push(key.is_some().into());
        if let Some(RequestKey { key, body }) = key {
            bytes.extend(key.to_be_bytes());
            bytes.extend(body);
        }
        // Within MESSAGE_BYTES, which is what a u32 holds.
        bytes.extend((delta.len() as u32).to_le_bytes());
        bytes.extend(delta);
        bytes.extend(note);
        seal(bytes)
    }

    pub(super) fn read(record: &[u8]) -> Result<Self, Wrong> {
        let lead = sealed(record.get(..BODY).ok_or("it is too short")?)?;
        let (mut class, mut kind, mut rest) = ([0], [0], lead);
        take(&mut rest, &mut kind)?;
        take(&mut rest, &mut class)?;
        let kinds = [Kind::Entry, Kind::Header, Kind::Snapshot, Kind::Base];
        let kind = kinds.into_iter().find(|one| *one as u8 == kind[0]).ok_or("it is of no kind")?;
        let class = Class::from_u8(class[0]).ok_or("it is of no class")?;
        let cart = CartId::from_u128(u128::from_be_bytes(array(&mut rest)?));
        let revision = u64::from_le_bytes(array(&mut rest)?);
        let at_ms = u64::from_le_bytes(array(&mut rest)?);
        let header = u64::from_le_bytes(array(&mut rest)?);
        Ok(Self { kind, class, cart, revision, at_ms, header })
    }
}

fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// What is before a checksum that is right.
fn sealed(bytes: &[u8]) -> Result<&[u8], Wrong> {
    let (before, sum) = bytes.split_last_chunk::<SUM_BYTES>().ok_or("it is too short")?;
    let right = sabotage!(
        "record-checksum-is-not-checked",
        crc32fast::hash(before) == u32::from_le_bytes(*sum),
        true
    );
    right.then_some(before).ok_or("its checksum is wrong")
}

fn take(from: &mut &[u8], into: &mut [u8]) -> Result<(), Wrong> {
    let (taken, rest) = from.split_at_checked(into.len()).ok_or("it is too short")?;
    into.copy_from_slice(taken);
    *from = rest;
    Ok(())
}

fn array<const N: usize>(from: &mut &[u8]) -> Result<[u8; N], Wrong> {
    let mut bytes = [0; N];
    take(from, &mut bytes)?;
    Ok(bytes)
}

/// A whole record, with both checksums right.
pub(super) fn read(record: &[u8]) -> Result<(RecordHeader, &[u8]), Wrong> {
    let lead = RecordHeader::read(record)?;
    let body = sealed(record)?.get(BODY..).ok_or("it is too short")?;
    Ok((lead, body))
}

/// The request key of an entry's body, and what is behind it.
pub(super) fn key(mut body: &[u8]) -> Result<(Option<RequestKey>, &[u8]), Wrong> {
    match array(&mut body)? {
        [0] => Ok((None, body)),
        [1] => {
            let key = u128::from_be_bytes(array(&mut body)?);
            Ok((Some(RequestKey { key, body: array(&mut body)? }), body))
        }
        _ => Err("its request key is neither there nor not"),
    }
}

/// An append, of a record.
pub(super) fn logged(lead: RecordHeader, body: &[u8]) -> Result<Logged, Wrong> {
    let (key, mut rest) = key(body)?;
    let length = u32::from_le_bytes(array(&mut rest)?) as usize;
    let (delta, note) = rest.split_at_checked(length).ok_or("its delta is too short")?;
    let (delta, note) = (delta.to_vec(), note.to_vec());
    Ok(Logged { revision: lead.revision, at_ms: lead.at_ms, delta, key, note })
}

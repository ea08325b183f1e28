//! Encoding for the deltas of one cart on one ordered connection, without repeating what was sent.
//!
//! Both ends keep equal tables and insert the rows that each frame brings, so a frame refers to a
//! known writer or line by index. Each frame has a count. A frame that is lost, doubled or out of
//! order has a wrong count, which ends the link. A new link starts with empty tables, and joining a
//! delta twice does no harm.

use alloc::vec::Vec;
use core::fmt;

use super::bytes::{ByteReader, ByteWriter};
use super::decode_tables::DecodeTables;
use super::dots;
use super::encode_tables::{EncodeTables, write_writers};
use super::entries::{self, EntryPredictor};
use super::envelope::CHECKSUM_BYTES;
use super::error::{BoxedError, Broken, DecodeError, error_at};
use super::table_layout::NEEDS;
use crate::cart::{DecodedEntries, Delta, Entries};
use crate::dots::Dots;
use crate::id::CartId;
use crate::limits;

/// Mask of the frame count, modulo 64, in the first byte of a frame.
const COUNT: u8 = 0b0011_1111;
/// First-byte flag: the cart is erased, and nothing follows.
const ERASED: u8 = 0b0100_0000;
/// First-byte flag: both ends empty their tables before this frame.
const RESET: u8 = 0b1000_0000;

/// Second-byte flag, beside the flags of the tables: the frame brings writers.
const WRITERS: u8 = 0b1000_0000;
/// Second-byte flag: the frame lists dots that are dead from the start.
const BORN: u8 = 0b0000_0001;

/// The state that both ends of a link keep equal.
#[derive(Clone)]
struct LinkState {
    tables: DecodeTables,
    /// The highest sequence number sent for each writer.
    last: Vec<u64>,
    predictor: EntryPredictor,
    /// The number of frames so far, modulo 256.
    frames: u8,
}

impl LinkState {
    /// Creates the state before the first frame.
    fn new(cart: CartId) -> Self {
        Self {
            tables: DecodeTables::empty(cart),
            last: Vec::new(),
            predictor: EntryPredictor::new(0, 0),
            frames: 0,
        }
    }

    /// Empties the tables and the predictions, but keeps the frame count.
    fn reset(&mut self) {
        *self = Self { frames: self.frames, ..Self::new(self.tables.cart) };
    }

    /// Returns the number of writers, lines and prices.
    fn rows(&self) -> [usize; 3] {
        let tables = &self.tables;
        [tables.writers.rows.len(), tables.lines.rows.len(), tables.prices.rows.len()]
    }

    /// Makes room for the rows that a frame brought, given the numbers of rows before it.
    fn grow(&mut self, [writers, lines, prices]: [usize; 3]) {
        if self.tables.writers.rows.len() > writers {
            self.tables.writers.places(writers).for_each(|at| self.last.insert(at, 0));
        }
        if self.tables.lines.rows.len() > lines {
            self.tables.lines.places(lines).for_each(|at| self.predictor.insert_line(at));
        }
        if self.tables.prices.rows.len() > prices {
            self.tables.prices.places(prices).for_each(|at| self.predictor.insert_price(at as u32));
        }
    }

    /// Records the sequence numbers of dead dots that a frame listed.
    fn note(&mut self, born: &Dots) {
        for (writer, run) in born.runs() {
            if let Ok(at) = self.tables.writers.rows.binary_search(&writer) {
                self.last[at] = run.last.max(self.last[at]);
            }
        }
    }
}

/// The sending end of a link.
///
/// ```
/// use holdall::wire::{LinkReceiver, LinkSender};
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let cart = CartId::from_u128(1);
/// let (mut phone, tee) = (Replica::new(cart, ReplicaId::from_u128(2)), LineKey::sku("TEE")?);
/// let mut region = Replica::new(cart, ReplicaId::from_u128(3));
/// let (mut to_region, mut from_phone) = (LinkSender::new(cart), LinkReceiver::new(cart));
/// let mut bytes = Vec::new();
/// for now in 0..10 {
///     let delta = phone.add(1_700_000_000_000 + now * 1_000, &tee, Quantity::ONE, None)?;
///     bytes = to_region.encode(&delta);
///     region.join(&from_phone.decode(&bytes)?)?;
/// }
/// assert_eq!(region.view(), phone.view());
/// assert_eq!(bytes.len(), 13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct LinkSender {
    known: LinkState,
}

impl LinkSender {
    /// Creates the sending end of a new link about a cart.
    #[must_use]
    pub fn new(cart: CartId) -> Self {
        Self { known: LinkState::new(cart) }
    }

    /// Encodes the next frame. Every frame must reach the other end, once and in order.
    ///
    /// # Panics
    /// Panics if the delta belongs to another cart than the link.
    #[must_use]
    pub fn encode(&mut self, delta: &Delta) -> Vec<u8> {
        let known = &mut self.known;
        assert_eq!(delta.cart(), known.tables.cart, "a link is about one cart");
        // The first byte counts frames, so that the receiver notices a missing one.
        let mut first = known.frames & COUNT;
        known.frames = known.frames.wrapping_add(1);
        let mut out = ByteWriter::with_room();
        if delta.is_erasure() {
            out.raw(&[first | ERASED]);
            return sealed(out);
        }
        // Bound the memory of both ends.
        if known.tables.len() > limits::LINK_ROWS {
            known.reset();
            first |= RESET;
        }
        // Entries written in a guest's cart may be part of an account's delta. Their tables must
        // then be those of the link's cart.
        let moved;
        let live = if delta.live().tables().home == known.tables.cart {
            delta.live()
        } else {
            moved = delta.live().at_home(known.tables.cart);
            &moved
        };
        let (needs, born) = (delta.needs(), delta.born_dead());
        // Most frames add no rows. For the others, insert the new rows on this end too.
        let mut new = None;
        let tables = match EncodeTables::known(&known.tables, delta.dead(), live) {
            Some(tables) => tables,
            None => {
                let mut all = delta.dead().clone();
                all.extend(&live.dots());
                let mut tables = EncodeTables::of(known.tables.cart, &all, live);
                let rows = known.rows();
                new = Some(tables.on_link(&mut known.tables));
                known.grow(rows);
                tables
            }
        };
        // Write the head, then the parts that it announces.
        let flag = |is: bool, flag| if is { flag } else { 0 };
        let new = new.as_ref();
        let writers = new.map_or(&[][..], |new| &new.writers);
        let head = tables.head(new)
            | flag(!writers.is_empty(), WRITERS)
            | flag(!born.is_empty(), BORN)
            | flag(!needs.is_empty(), NEEDS);
        out.raw(&[first, head]);
        if !writers.is_empty() {
            write_writers(&mut out, writers);
        }
        tables.write(&mut out, new);
        if !born.is_empty() {
            tables.dots(&mut out, &born);
        }
        if !needs.is_empty() {
            tables.dots(&mut out, needs);
        }
        // Write the live entries by writer. Steps continue from the highest number sent, if
        // possible.
        known.predictor.seen = tables.first_seen();
        let groups = || live.rows().chunk_by(|a, b| a.writer == b.writer);
        out.count(groups().count());
        let mut next = 0;
        for rows in groups() {
            let writer = tables.writer_of(&rows[0]);
            out.number(u64::from(writer - next));
            next = writer + 1;
            let known_to = known.last[writer as usize];
            let restart = u64::from(rows[0].seq) <= known_to;
            out.number((rows.len() as u64 - 1) << 1 | u64::from(restart));
            let mut last = if restart { 0 } else { known_to };
            for row in rows {
                let seq = u64::from(row.seq);
                entries::write_entry(&mut out, &tables, row, seq - last, &mut known.predictor);
                last = seq;
            }
            known.last[writer as usize] = last.max(known_to);
        }
        // Later frames step on from the dead dots as well.
        known.note(&born);
        sealed(out)
    }
}

/// Appends the checksum and returns the frame.
fn sealed(mut out: ByteWriter) -> Vec<u8> {
    let checksum = crc32fast::hash(&out.bytes);
    out.raw(&checksum.to_le_bytes());
    out.bytes
}

impl fmt::Debug for LinkSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkSender").field("frames", &self.known.frames).finish_non_exhaustive()
    }
}

/// The receiving end of a link. [`LinkSender`] has an example.
#[derive(Clone)]
pub struct LinkReceiver {
    known: LinkState,
    /// Whether a frame was refused, which ends the link.
    broken: bool,
}

impl fmt::Debug for LinkReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkReceiver").field("frames", &self.known.frames).finish_non_exhaustive()
    }
}

impl LinkReceiver {
    /// Creates the receiving end of a new link about a cart.
    #[must_use]
    pub fn new(cart: CartId) -> Self {
        Self { known: LinkState::new(cart), broken: false }
    }

    /// Decodes the next frame.
    ///
    /// # Errors
    /// Returns an error unless the bytes are the next frame in its canonical form. An error ends
    /// the link: from then on, this method returns [`Broken::Link`]. Both ends must begin a new
    /// link, and the sender must send every delta again that was not acknowledged.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Delta, DecodeError> {
        let error = |offset, broken| DecodeError { offset, broken };
        // The link stays broken unless this frame decodes.
        if core::mem::replace(&mut self.broken, true) {
            return Err(error(0, Broken::Link));
        }
        if bytes.len() > limits::MESSAGE_BYTES {
            return Err(error(limits::MESSAGE_BYTES, Broken::TooLarge));
        }
        let Some((content, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
            return Err(error(bytes.len(), Broken::Truncated));
        };
        if crc32fast::hash(content).to_le_bytes() != *checksum {
            return Err(error(content.len(), Broken::Checksum));
        }
        let mut input = ByteReader::new(content, 0);
        let delta = self.read(&mut input).map_err(|fault| *fault)?;
        if !input.is_at_end() {
            return Err(*input.error(Broken::Trailing));
        }
        self.broken = false;
        Ok(delta)
    }

    /// Reads the content of the next frame and updates the state of the link.
    fn read(&mut self, input: &mut ByteReader<'_>) -> Result<Delta, BoxedError> {
        let known = &mut self.known;
        let cart = known.tables.cart;
        let first = input.byte()?;
        // The count must be the next one.
        if sabotage!("link-does-not-count-frames", first & COUNT != known.frames & COUNT, false) {
            return Err(error_at(0, Broken::Link));
        }
        known.frames = known.frames.wrapping_add(1);
        if first & ERASED != 0 {
            // An erasure has no reset flag and ends here.
            let alone = first & RESET == 0;
            return if alone {
                Ok(Delta::erasure(cart))
            } else {
                Err(error_at(0, Broken::NotCanonical))
            };
        }
        // Both ends reset at the same frame.
        let full = known.tables.len() > limits::LINK_ROWS;
        if full != (first & RESET != 0) {
            return Err(error_at(0, Broken::NotCanonical));
        }
        if full {
            known.reset();
        }
        // The second byte announces the parts: new rows first.
        let head = input.byte()?;
        let before = known.rows();
        known.tables.begin();
        if head & WRITERS != 0 {
            let here = input.offset();
            known.tables.read_writers(input)?;
            if known.tables.writers.rows.len() == before[0] {
                return Err(error_at(here, Broken::NotCanonical));
            }
        }
        known.tables.read_rest(input, head)?;
        if known.rows() != before {
            known.grow(before);
        }
        // Two sets of dots, which are not empty if they are present.
        let mut set = |flag| -> Result<Dots, BoxedError> {
            if head & flag == 0 {
                return Ok(Dots::default());
            }
            let here = input.offset();
            let (rows, used) = known.tables.writers.parts();
            let dots = dots::read(input, rows, used)?;
            if dots.is_empty() { Err(error_at(here, Broken::NotCanonical)) } else { Ok(dots) }
        };
        let (born, needs) = (set(BORN)?, set(NEEDS)?);
        // The live entries. Every new row must be used by now.
        let mut rows = Self::read_rows(input, known)?;
        if !known.tables.all_used() {
            return Err(input.error(Broken::NotCanonical));
        }
        // The delta gets its own tables with only the rows that it uses.
        known.note(&born);
        let live = Entries::from_rows(known.tables.held_for(&mut rows), rows);
        Delta::framed(cart, live, born, needs).ok_or_else(|| input.error(Broken::NotCanonical))
    }

    /// Reads the live entries of a frame.
    fn read_rows(
        input: &mut ByteReader<'_>,
        known: &mut LinkState,
    ) -> Result<DecodedEntries, BoxedError> {
        let mut rows = DecodedEntries::default();
        known.predictor.seen = known.tables.first_seen();
        let mut next = 0;
        for _ in 0..input.count(5, "writers of entries", limits::MESSAGE_BYTES)? {
            // A group begins with its writer, the number of its entries and a flag for a restart of
            // the steps.
            let skipped = input.number()?;
            let writer = known.tables.writers.row(input, skipped.saturating_add(next))?;
            next = u64::from(writer) + 1;
            let here = input.offset();
            let tagged = input.number()?;
            let (more, restart) = (tagged >> 1, tagged & 1 == 1);
            // An entry takes at least three bytes, so check the number against the remaining bytes.
            let room = input.left() / 3;
            let more = usize::try_from(more).ok().filter(|more| *more < room.max(1));
            let more = more.ok_or_else(|| error_at(here, Broken::Truncated))?;
            rows.reserve(more + 1);
            let known_to = known.last[writer as usize];
            let mut last = if restart { 0 } else { known_to };
            for at in 0..=more {
                let tables = &mut known.tables;
                let predictor = &mut known.predictor;
                last = entries::read_entry(input, tables, (writer, last), predictor, &mut rows)?;
                // A restart must be necessary.
                if at == 0 && restart && last > known_to {
                    return Err(error_at(here, Broken::NotCanonical));
                }
            }
            known.last[writer as usize] = last.max(known_to);
        }
        Ok(rows)
    }
}

//! Identity of a line: what decides whether two products in a cart are one line or two.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use super::text::{Bundle, OptionKey, OptionValue, Sku, Tag, TextError, is_plain};
use crate::limits;

/// Reason why a line's identity is not valid.
///
/// ```
/// use holdall::{LineError, LineKey};
/// let twice = LineKey::parse("TEE", [("size", "M"), ("size", "L")]);
/// assert!(matches!(twice, Err(LineError::OptionTwice { .. })));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The SKU, an option, the bundle or the tag is not valid.
    #[error(transparent)]
    Text(#[from] TextError),
    /// An option key occurs twice.
    #[error("option {key:?} is given twice: keep one")]
    OptionTwice {
        /// The repeated key.
        key: OptionKey,
    },
    /// The line has more options than [`limits::OPTIONS`].
    #[error("{options} options, the limit is {limit}: move what does not tell lines apart to attributes", limit = limits::OPTIONS)]
    TooManyOptions {
        /// Number of options that were read before the check failed.
        options: usize,
    },
    /// A descriptor has its parts in the wrong order.
    #[error("a line descriptor is not in its one form: SKU, options by key, bundle, tag")]
    Descriptor,
}

/// Identity of a line: SKU, options, bundle and tag.
///
/// The order in which options are given has no meaning: they are sorted when the line is made.
/// Cloning is cheap.
///
/// ```
/// use holdall::LineKey;
/// let a = LineKey::parse("TEE", [("size", "M"), ("colour", "red")])?;
/// let b = LineKey::parse("TEE", [("colour", "red"), ("size", "M")])?;
/// assert_eq!(a, b);
/// assert_ne!(a, LineKey::sku("TEE")?);
/// assert_eq!(a.to_string(), "TEE (colour red, size M)");
/// # Ok::<(), holdall::LineError>(())
/// ```
///
/// The value holds its [`descriptor`](Self::descriptor): the SKU, then `\x01` key `\x02` value for
/// each option, `\x03` bundle, `\x04` tag. Names contain no control characters, so a descriptor has
/// one reading.
#[derive(Clone)]
pub struct LineKey(LineText);

#[derive(Clone)]
enum LineText {
    /// A descriptor of at most 30 bytes, stored in place. The bytes after the text are zero.
    Short { bytes: u8, text: [u8; SHORT_BYTES] },
    /// A range of a longer text. Lines that were decoded together share one text.
    Long { from: u32, to: u32, text: Arc<str> },
}

/// Length of the text that is stored in place, in bytes. With the length byte and the tag of the
/// enum, a line is 32 bytes.
const SHORT_BYTES: usize = 30;

const KEY: char = '\x01';
const VALUE: char = '\x02';
const BUNDLE: char = '\x03';
const TAG: char = '\x04';

impl PartialEq for LineKey {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (LineText::Short { text: a, .. }, LineText::Short { text: b, .. }) => a == b,
            _ => self.as_bytes() == other.as_bytes(),
        }
    }
}

impl Eq for LineKey {}

impl core::hash::Hash for LineKey {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

/// Returns eight bytes of a short text as a big-endian number, which compares like the bytes.
#[inline]
fn word(text: &[u8; SHORT_BYTES], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&text[at..at + 8]);
    u64::from_be_bytes(word)
}

/// Returns the index of a line in a sorted table, or `None` if the table does not have it.
///
/// All lines of a sorted table share the common prefix of its first and last line. The search
/// therefore compares only the eight bytes after that prefix, as one number, and decides by the
/// whole line only where those bytes are equal.
pub(crate) fn position(lines: &[LineKey], line: &LineKey) -> Option<usize> {
    let whole = || lines.binary_search(line).ok();
    let (
        [LineKey(LineText::Short { text: first, .. }), ..],
        [.., LineKey(LineText::Short { text: last, .. })],
    ) = (lines, lines)
    else {
        // The common prefix in whole bytes, at most eight of them: equal leading bytes XOR to zero.
        return whole();
    };
    let LineKey(LineText::Short { text, .. }) = line else { return whole() };
    let behind = ((word(first, 0) ^ word(last, 0)).leading_zeros() / 8) as usize;
    let wanted = word(text, behind);
    // Binary search for the last line whose eight bytes are not above the wanted ones. A long line
    // counts as 0; the final check below makes up for that.
    let (mut at, mut left) = (0, lines.len());
    while left > 1 {
        let half = left / 2;
        let there = match &lines[at + half].0 {
            LineText::Short { text, .. } => word(text, behind),
            LineText::Long { .. } => 0,
        };
        // The result of the comparison cannot be predicted, so computing both sides beats a branch.
        at = core::hint::select_unpredictable(there <= wanted, at + half, at);
        left -= half;
    }
    match &lines[at] {
        there if there == line => Some(at),
        // Different bytes at the place where the line would be: the table does not have it.
        LineKey(LineText::Short { text, .. }) if word(text, behind) != wanted => None,
        // A long line, or another line with equal bytes: search again by the whole line.
        _ => sabotage!(
            "long-names-are-confused",
            sabotage!("long-names-are-not-found", whole(), None),
            Some(at)
        ),
    }
}

impl Ord for LineKey {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let (LineText::Short { text: a, .. }, LineText::Short { text: b, .. }) =
            (&self.0, &other.0)
        else {
            return self.as_bytes().cmp(other.as_bytes());
        };
        // No descriptor contains a zero byte, so the padding sorts before every longer text.
        for at in [0, 8, 16, SHORT_BYTES - 8] {
            match word(a, at).cmp(&word(b, at)) {
                Ordering::Equal => {}
                different => return different,
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for LineKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl LineKey {
    /// Makes a line from checked parts. Options may come in any order.
    ///
    /// # Errors
    /// Fails if an option key occurs twice, or if there are more than [`limits::OPTIONS`] options.
    pub fn new(
        sku: Sku,
        options: impl IntoIterator<Item = (OptionKey, OptionValue)>,
        bundle: Option<Bundle>,
        tag: Option<Tag>,
    ) -> Result<Self, LineError> {
        // One option more than allowed is enough to fail, so an endless iterator is not drained.
        let mut options: Vec<_> = options.into_iter().take(limits::OPTIONS + 1).collect();
        if options.len() > limits::OPTIONS {
            return Err(LineError::TooManyOptions { options: options.len() });
        }
        sabotage!("option-order-matters", options.sort(), ());
        if let Some(pair) = options.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(LineError::OptionTwice { key: pair[0].0.clone() });
        }
        // A line of only a SKU needs no allocation for its descriptor.
        if options.is_empty() && bundle.is_none() && tag.is_none() {
            return Ok(Self::of(sku.as_str()));
        }
        // Parts are appended in the one order that a descriptor has.
        let mut descriptor = String::from(sku.as_str());
        let mut put = |mark: char, text: &str| {
            descriptor.push(mark);
            descriptor.push_str(text);
        };
        for (key, value) in &options {
            put(KEY, key.as_str());
            put(VALUE, value.as_str());
        }
        if let Some(bundle) = &bundle {
            put(BUNDLE, bundle.as_str());
        }
        if let Some(tag) = &tag {
            sabotage!("tag-is-not-part-of-line", put(TAG, tag.as_str()), ());
        }
        Ok(Self::of(&descriptor))
    }

    fn of(descriptor: &str) -> Self {
        Self::short(descriptor.as_bytes()).unwrap_or_else(|| {
            Self(LineText::Long { from: 0, to: descriptor.len() as u32, text: descriptor.into() })
        })
    }

    fn short(descriptor: &[u8]) -> Option<Self> {
        let mut text = [0; SHORT_BYTES];
        text.get_mut(..descriptor.len())?.copy_from_slice(descriptor);
        Some(Self(LineText::Short { bytes: descriptor.len() as u8, text }))
    }

    /// Makes a line of a product without options, bundle or tag.
    ///
    /// # Errors
    /// Fails if the SKU is not valid.
    pub fn sku(sku: &str) -> Result<Self, LineError> {
        Sku::check(sku)?;
        Ok(Self::of(sku))
    }

    /// Makes a line of a product with options.
    ///
    /// # Errors
    /// Fails if a name is not valid, an option key occurs twice, or there are too many options.
    pub fn parse<'a>(
        sku: &str,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LineError> {
        let options: Result<Vec<_>, TextError> = options
            .into_iter()
            .take(limits::OPTIONS + 1)
            .map(|(key, value)| Ok((OptionKey::new(key)?, OptionValue::new(value)?)))
            .collect();
        Self::new(Sku::new(sku)?, options?, None, None)
    }

    /// Makes a line from its [`descriptor`](Self::descriptor).
    ///
    /// # Errors
    /// Fails if the text is not the descriptor of a line.
    pub fn from_descriptor(descriptor: &str) -> Result<Self, LineError> {
        check(descriptor)?;
        Ok(Self::of(descriptor))
    }

    /// Returns the whole identity as one text. Lines are sorted by its bytes.
    ///
    /// The text is the SKU, then U+0001, key, U+0002 and value for each option, sorted by key, then
    /// U+0003 and the bundle, if there is one, then U+0004 and the tag, if there is one. Names
    /// contain no control characters.
    ///
    /// ```
    /// use holdall::LineKey;
    /// let line = LineKey::parse("TEE", [("size", "M")])?;
    /// assert_eq!(line.descriptor(), "TEE\u{1}size\u{2}M");
    /// assert_eq!(LineKey::from_descriptor(line.descriptor())?, line);
    /// # Ok::<(), holdall::LineError>(())
    /// ```
    #[must_use]
    pub fn descriptor(&self) -> &str {
        match &self.0 {
            // Only whole texts are stored in place.
            LineText::Short { .. } => {
                core::str::from_utf8(self.as_bytes()).expect("a text was put there")
            }
            LineText::Long { from, to, text } => &text[*from as usize..*to as usize],
        }
    }

    /// Returns the descriptor as bytes of UTF-8: equal lines have equal bytes.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            LineText::Short { bytes, text } => &text[..usize::from(*bytes)],
            LineText::Long { from, to, text } => &text.as_bytes()[*from as usize..*to as usize],
        }
    }

    /// Returns the SKU.
    #[must_use]
    pub fn product(&self) -> &str {
        let bytes = self.as_bytes();
        let end = bytes.iter().position(|byte| *byte < b' ').unwrap_or(bytes.len());
        // A SKU ends at the first control character, which cannot be within a character.
        core::str::from_utf8(&bytes[..end]).expect("a name is a text")
    }

    /// Returns the identity options as pairs of key and value, sorted by key.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let (rest, _) = cut(self.descriptor(), TAG);
        let (rest, _) = cut(rest, BUNDLE);
        rest.split(KEY).skip(1).filter_map(|option| option.split_once(VALUE))
    }

    /// Returns the bundle that the line belongs to, if any.
    #[must_use]
    pub fn bundle(&self) -> Option<&str> {
        cut(cut(self.descriptor(), TAG).0, BUNDLE).1
    }

    /// Returns the tag that keeps the line separate, if any.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        cut(self.descriptor(), TAG).1
    }
}

/// Most lines for which room is reserved before they have been decoded.
const MANY: usize = 1_024;

/// Builder of a table of lines from their descriptors. Descriptors over 30 bytes share one text.
pub(crate) struct LinesBuilder {
    /// The lines so far. Long lines have their range, but not yet the shared text.
    keys: Vec<LineKey>,
    /// Concatenated descriptors of the long lines.
    text: Vec<u8>,
    /// Whether the last line consists of printable ASCII.
    plain: bool,
}

impl LinesBuilder {
    pub(crate) fn with_room(lines: usize) -> Self {
        Self { keys: Vec::with_capacity(lines.min(MANY)), text: Vec::new(), plain: true }
    }

    /// Returns the descriptor of the last line; empty before the first.
    #[inline]
    pub(crate) fn last(&self) -> &[u8] {
        match self.keys.last() {
            None => &[],
            Some(LineKey(LineText::Short { bytes, text })) => &text[..usize::from(*bytes)],
            Some(LineKey(LineText::Long { from, to, .. })) => {
                &self.text[*from as usize..*to as usize]
            }
        }
    }

    /// Returns whether the last line [is printable ASCII](is_plain).
    pub(crate) const fn last_is_plain(&self) -> bool {
        self.plain
    }

    /// Appends a line: the first `same` bytes of the last descriptor, then `rest`.
    ///
    /// # Errors
    /// Fails if the result is not the descriptor of a line.
    pub(crate) fn push(&mut self, same: usize, rest: &str) -> Result<(), LineError> {
        self.append(same, rest.as_bytes());
        let descriptor = core::str::from_utf8(self.last());
        check(descriptor.map_err(|_| LineError::Descriptor)?)?;
        self.plain = is_plain(self.last());
        Ok(())
    }

    /// Appends a line whose descriptor is a bare ASCII SKU, and skips the descriptor check. The
    /// previous line must be ASCII too.
    ///
    /// # Errors
    /// Fails if the SKU is empty or too long.
    #[inline]
    pub(crate) fn push_plain(&mut self, same: usize, rest: &[u8]) -> Result<(), LineError> {
        self.append(same, rest);
        Ok(Sku::check_length(same + rest.len())?)
    }

    #[inline]
    fn append(&mut self, same: usize, rest: &[u8]) {
        let mut text = [0; SHORT_BYTES];
        let bytes = same + rest.len();
        let Some(place) = text.get_mut(..bytes) else {
            return self.append_long(same, rest);
        };
        place[..same].copy_from_slice(&self.last()[..same]);
        place[same..].copy_from_slice(rest);
        self.keys.push(LineKey(LineText::Short { bytes: bytes as u8, text }));
    }

    #[cold]
    fn append_long(&mut self, same: usize, rest: &[u8]) {
        let from = self.text.len();
        // Copies the shared prefix from where the last line's descriptor is stored.
        match self.keys.last() {
            Some(LineKey(LineText::Long { from, .. })) => {
                let before = *from as usize;
                self.text.extend_from_within(before..before + same);
            }
            Some(LineKey(LineText::Short { text, .. })) => {
                self.text.extend_from_slice(&text[..same])
            }
            None => {}
        }
        self.text.extend_from_slice(rest);
        let (from, to) = (from as u32, self.text.len() as u32);
        self.keys.push(LineKey(LineText::Long { from, to, text: Arc::default() }));
    }

    /// Returns the finished table.
    pub(crate) fn keys(mut self) -> Vec<LineKey> {
        self.keys.shrink_to_fit();
        if !self.text.is_empty() {
            // Each descriptor was checked to be UTF-8, so their concatenation is.
            let shared: Arc<str> =
                core::str::from_utf8(&self.text).expect("each part is a text").into();
            for key in &mut self.keys {
                if let LineText::Long { text, .. } = &mut key.0 {
                    *text = shared.clone();
                }
            }
        }
        self.keys
    }
}

/// Checks that a text is the descriptor of a line.
fn check(descriptor: &str) -> Result<(), LineError> {
    // Most lines are a bare SKU.
    if !descriptor.bytes().any(|byte| byte < b' ') {
        return Ok(Sku::check(descriptor)?);
    }
    // Cut the tag and the bundle off the end, then read the options in between.
    let (rest, tag) = cut(descriptor, TAG);
    let (rest, bundle) = cut(rest, BUNDLE);
    let mut parts = rest.split(KEY);
    Sku::check(parts.next().unwrap_or_default())?;
    let mut before = None;
    for (at, option) in parts.enumerate() {
        if at >= limits::OPTIONS {
            return Err(LineError::TooManyOptions { options: at + 1 });
        }
        let (key, value) = option.split_once(VALUE).ok_or(LineError::Descriptor)?;
        OptionKey::check(key)?;
        OptionValue::check(value)?;
        // Keys must ascend strictly: only one order is canonical, and no key may repeat.
        if before.replace(key) >= Some(key) {
            return Err(LineError::Descriptor);
        }
    }
    bundle.map_or(Ok(()), Bundle::check)?;
    tag.map_or(Ok(()), Tag::check)?;
    Ok(())
}

/// Splits a text at the first `mark`: the text before it, and the text after it if there is one.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

impl fmt::Display for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.product())?;
        let mut options = false;
        for (key, value) in self.options() {
            write!(f, "{}{key} {value}", if options { ", " } else { " (" })?;
            options = true;
        }
        if options {
            f.write_str(")")?;
        }
        if let Some(bundle) = self.bundle() {
            write!(f, " in {bundle}")?;
        }
        if let Some(tag) = self.tag() {
            write!(f, " #{tag}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineKey({self})")
    }
}

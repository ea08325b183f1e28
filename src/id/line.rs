//! What makes two lines the same line.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use super::text::{Bundle, OptionKey, OptionValue, Sku, Tag, TextError, is_plain};
use crate::limits;

/// Why a line's identity could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// One of its names is not one.
    #[error(transparent)]
    Text(#[from] TextError),
    /// An option key is there twice.
    #[error("option {key:?} is given twice: keep one")]
    OptionTwice {
        /// The key.
        key: OptionKey,
    },
    /// More options than [`limits::OPTIONS`].
    #[error("{options} options, the limit is {limit}: move what does not tell lines apart to attributes", limit = limits::OPTIONS)]
    TooManyOptions {
        /// How many.
        options: usize,
    },
    /// A descriptor whose parts are not in their order.
    #[error("a line descriptor is not in its one form: SKU, options by key, bundle, tag")]
    Descriptor,
}

/// A line's identity: SKU, options, bundle and tag. Cheap to clone; order of options has no
/// meaning and is settled here, once.
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
/// Inside it is its descriptor: the SKU, then `\x01` key `\x02` value for each option, `\x03`
/// bundle, `\x04` tag. Names have no control characters, so each descriptor says one thing.
#[derive(Clone)]
pub struct LineKey(LineText);

#[derive(Clone)]
enum LineText {
    /// Most are short, and held in place; behind the text are zeros.
    Short { bytes: u8, text: [u8; SHORT_BYTES] },
    /// Where in a text it is: lines that were read together share one.
    Long { from: u32, to: u32, text: Arc<str> },
}

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

/// Eight bytes of a short text, to be compared as a number.
#[inline]
fn word(text: &[u8; SHORT_BYTES], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&text[at..at + 8]);
    u64::from_be_bytes(word)
}

/// Where a line is in a sorted table.
///
/// What the first and the last line begin with, all between them do. So of short names eight bytes behind that are compared
/// as a number, and only if they are the same in two lines does more of them decide.
pub(crate) fn position(lines: &[LineKey], line: &LineKey) -> Option<usize> {
    let whole = || lines.binary_search(line).ok();
    let (
        [LineKey(LineText::Short { text: first, .. }), ..],
        [.., LineKey(LineText::Short { text: last, .. })],
    ) = (lines, lines)
    else {
        return whole();
    };
    let LineKey(LineText::Short { text, .. }) = line else { return whole() };
    let behind = ((word(first, 0) ^ word(last, 0)).leading_zeros() / 8) as usize;
    let wanted = word(text, behind);
    // The last that is not above it, if all had no more than those bytes. Of a long name that is not known, and said.
    let (mut at, mut left) = (0, lines.len());
    while left > 1 {
        let half = left / 2;
        let there = match &lines[at + half].0 {
            LineText::Short { text, .. } => word(text, behind),
            LineText::Long { .. } => 0,
        };
        // Where it is cannot be guessed, so that a branch would cost more than both ways do.
        at = core::hint::select_unpredictable(there <= wanted, at + half, at);
        left -= half;
    }
    match &lines[at] {
        there if there == line => Some(at),
        // Between it and where it would be is no long one, nor one with the same bytes.
        LineKey(LineText::Short { text, .. }) if word(text, behind) != wanted => None,
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
        // No descriptor has a byte 0, so what is behind the text is less than any.
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
    /// A line from its checked parts; options may come in any order.
    ///
    /// # Errors
    /// An option key twice, or more than [`limits::OPTIONS`] of them.
    pub fn new(
        sku: Sku,
        options: impl IntoIterator<Item = (OptionKey, OptionValue)>,
        bundle: Option<Bundle>,
        tag: Option<Tag>,
    ) -> Result<Self, LineError> {
        // One more than allowed is enough to know; the rest is not read.
        let mut options: Vec<_> = options.into_iter().take(limits::OPTIONS + 1).collect();
        if options.len() > limits::OPTIONS {
            return Err(LineError::TooManyOptions { options: options.len() });
        }
        sabotage!("option-order-matters", options.sort(), ());
        if let Some(pair) = options.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(LineError::OptionTwice { key: pair[0].0.clone() });
        }
        if options.is_empty() && bundle.is_none() && tag.is_none() {
            return Ok(Self::of(sku.as_str()));
        }
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

    /// A line of a plain product.
    ///
    /// # Errors
    /// The SKU is not one.
    pub fn sku(sku: &str) -> Result<Self, LineError> {
        Sku::check(sku)?;
        Ok(Self::of(sku))
    }

    /// A line of a product with options.
    ///
    /// # Errors
    /// A name is not one, an option is there twice, or there are too many.
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

    /// A line from its [`descriptor`](Self::descriptor).
    ///
    /// # Errors
    /// It is not the descriptor of a line.
    pub fn from_descriptor(descriptor: &str) -> Result<Self, LineError> {
        check(descriptor)?;
        Ok(Self::of(descriptor))
    }

    /// The whole identity in one text, by whose bytes lines are sorted: the SKU, then U+0001, key,
    /// U+0002 and value for each option, sorted by key, then U+0003 and the bundle, if there is
    /// one, and U+0004 and the tag. Names have no control characters.
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
            // It was a text when it was put there.
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

    /// The product: its SKU.
    #[must_use]
    pub fn product(&self) -> &str {
        let bytes = self.as_bytes();
        let end = bytes.iter().position(|byte| *byte < b' ').unwrap_or(bytes.len());
        // A name is a text.
        core::str::from_utf8(&bytes[..end]).expect("a name is a text")
    }

    /// The identity options, key and value, sorted by key.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let (rest, _) = cut(self.descriptor(), TAG);
        let (rest, _) = cut(rest, BUNDLE);
        rest.split(KEY).skip(1).filter_map(|option| option.split_once(VALUE))
    }

    /// The bundle it belongs to.
    #[must_use]
    pub fn bundle(&self) -> Option<&str> {
        cut(cut(self.descriptor(), TAG).0, BUNDLE).1
    }

    /// What keeps it separate.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        cut(self.descriptor(), TAG).1
    }
}

/// For more lines no room is made before they are there.
const MANY: usize = 1_024;

/// Lines that are made together, from their descriptors; the long ones share one text.
pub(crate) struct LinesBuilder {
    /// The long ones with no text yet.
    keys: Vec<LineKey>,
    /// Of the long ones.
    text: Vec<u8>,
    /// Whether the last is of plain characters only.
    plain: bool,
}

impl LinesBuilder {
    pub(crate) fn with_room(lines: usize) -> Self {
        Self { keys: Vec::with_capacity(lines.min(MANY)), text: Vec::new(), plain: true }
    }

    /// The descriptor of the last one; empty before the first.
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

    /// Whether the last one [is plain](is_plain).
    pub(crate) const fn last_is_plain(&self) -> bool {
        self.plain
    }

    /// The next one: as many bytes of the last as are given, then the rest.
    ///
    /// # Errors
    /// It is not the descriptor of a line.
    pub(crate) fn push(&mut self, same: usize, rest: &str) -> Result<(), LineError> {
        self.append(same, rest.as_bytes());
        let descriptor = core::str::from_utf8(self.last());
        check(descriptor.map_err(|_| LineError::Descriptor)?)?;
        self.plain = is_plain(self.last());
        Ok(())
    }

    /// The same of what is plain after what is plain.
    ///
    /// # Errors
    /// It is not a SKU.
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

    /// All of them.
    pub(crate) fn keys(mut self) -> Vec<LineKey> {
        self.keys.shrink_to_fit();
        if !self.text.is_empty() {
            // Each of them was a text when it was put there.
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

/// Whether a text is the descriptor of a line.
fn check(descriptor: &str) -> Result<(), LineError> {
    // Most are a plain SKU.
    if !descriptor.bytes().any(|byte| byte < b' ') {
        return Ok(Sku::check(descriptor)?);
    }
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
        if before.replace(key) >= Some(key) {
            return Err(LineError::Descriptor);
        }
    }
    bundle.map_or(Ok(()), Bundle::check)?;
    tag.map_or(Ok(()), Tag::check)?;
    Ok(())
}

/// What stands before the first `mark`, and what after it.
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

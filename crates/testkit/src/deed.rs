//! What is done in tales, by whom, on which lines, with which words.

use super::simpler::smaller;
use holdall::id::{LineKey, OptionKey, OptionValue, Sku, Tag};
use holdall::limits;

/// Who acts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Device {
    /// Of the account; merges happen here.
    Laptop,
    /// Of the account.
    Tablet,
    /// Of the guest.
    Phone,
    /// Of the same guest.
    Kiosk,
    /// Of a second guest.
    Watch,
}

impl Device {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Laptop, Self::Tablet, Self::Phone, Self::Kiosk, Self::Watch];

    /// What a story calls it.
    #[must_use]
    pub const fn site(self) -> &'static str {
        match self {
            Self::Laptop => "laptop",
            Self::Tablet => "tablet",
            Self::Phone => "phone",
            Self::Kiosk => "kiosk",
            Self::Watch => "watch",
        }
    }

    /// The cart it writes to before it hears of a merge.
    #[must_use]
    pub const fn cart(self) -> &'static str {
        match self {
            Self::Laptop | Self::Tablet => ACCOUNT,
            Self::Phone | Self::Kiosk => GUEST,
            Self::Watch => SECOND_GUEST,
        }
    }

    /// The other device of its cart.
    pub(super) const fn other(self) -> Option<Self> {
        match self {
            Self::Laptop => Some(Self::Tablet),
            Self::Tablet => Some(Self::Laptop),
            Self::Phone => Some(Self::Kiosk),
            Self::Kiosk => Some(Self::Phone),
            Self::Watch => None,
        }
    }
}

/// The account's cart, as stories call it.
pub(super) const ACCOUNT: &str = "home";
/// The guest's.
pub(super) const GUEST: &str = "g";
/// The second guest's.
pub(super) const SECOND_GUEST: &str = "h";

/// What is done on a line. Lines and texts are small numbers: the lines X (0), Y (1), a gift, one
/// with options and a tag in other scripts, one with the longest SKU (4); two short texts (0, 1) and
/// the longest (2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// So many more.
    Add {
        /// The line.
        line: u8,
        /// How many.
        units: u32,
    },
    /// Make it so many.
    Set {
        /// The line.
        line: u8,
        /// How many, at least 1.
        units: u32,
    },
    /// Take it out.
    Remove {
        /// The line.
        line: u8,
    },
    /// Save it for later.
    Save {
        /// The line.
        line: u8,
    },
    /// Move it back to the cart.
    Back {
        /// The line.
        line: u8,
    },
    /// Write a note on it.
    Note {
        /// The line.
        line: u8,
        /// The text.
        text: u8,
    },
    /// Write what to engrave.
    Engrave {
        /// The line.
        line: u8,
        /// The text.
        text: u8,
    },
    /// Buy the active list.
    Order,
    /// The two devices of the cart exchange what they know.
    Meet,
}

impl Deed {
    /// The line it is about.
    #[must_use]
    pub const fn line(self) -> Option<u8> {
        match self {
            Self::Add { line, .. }
            | Self::Set { line, .. }
            | Self::Remove { line }
            | Self::Save { line }
            | Self::Back { line }
            | Self::Note { line, .. }
            | Self::Engrave { line, .. } => Some(line),
            Self::Order | Self::Meet => None,
        }
    }

    pub(super) fn simpler(self) -> Vec<Self> {
        let mut found = Vec::new();
        match self {
            Self::Add { line, units } => {
                found.extend(smaller(units, 1).into_iter().map(|units| Self::Add { line, units }));
            }
            Self::Set { line, units } => {
                found.push(Self::Add { line, units });
                found.extend(smaller(units, 1).into_iter().map(|units| Self::Set { line, units }));
            }
            Self::Engrave { line, text } => found.push(Self::Note { line, text }),
            _ => {}
        }
        let Some(line) = self.line() else { return found };
        for line in smaller(line.into(), 0) {
            found.push(self.on(line as u8));
        }
        if let Self::Note { line, text } | Self::Engrave { line, text } = self {
            let note = matches!(self, Self::Note { .. });
            for text in smaller(text.into(), 0) {
                let text = text as u8;
                found.push(if note {
                    Self::Note { line, text }
                } else {
                    Self::Engrave { line, text }
                });
            }
        }
        found
    }

    pub(super) const fn on(self, line: u8) -> Self {
        match self {
            Self::Add { units, .. } => Self::Add { line, units },
            Self::Set { units, .. } => Self::Set { line, units },
            Self::Remove { .. } => Self::Remove { line },
            Self::Save { .. } => Self::Save { line },
            Self::Back { .. } => Self::Back { line },
            Self::Note { text, .. } => Self::Note { line, text },
            Self::Engrave { text, .. } => Self::Engrave { line, text },
            Self::Order | Self::Meet => self,
        }
    }
}

/// Something that somebody does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tap {
    /// Who.
    pub device: Device,
    /// What.
    pub deed: Deed,
    /// On the guest's row of a split line rather than on the line as a whole. After a merge only.
    pub guests_row: bool,
}

impl Tap {
    /// Something that somebody does to a line as a whole.
    #[must_use]
    pub const fn new(device: Device, deed: Deed) -> Self {
        Self { device, deed, guests_row: false }
    }
}

/// How many lines [`line`] knows.
pub(super) const LINES: u8 = 5;

/// The lines of tales: plain ones first, then what the limits allow.
pub(super) fn line(at: u8) -> LineKey {
    let plain = |sku: &str| LineKey::sku(sku).expect("a SKU");
    match at {
        0 => plain("X"),
        1 => plain("Y"),
        2 => plain("GIFT-7"),
        3 => {
            let option = |key, value| {
                let key = OptionKey::new(key).expect("a key");
                (key, OptionValue::new(value).expect("a value"))
            };
            let sku = Sku::new("тишърт").expect("a SKU");
            let tag = Tag::new("for Ann").expect("a tag");
            LineKey::new(sku, [option("size", "M"), option("colour", "grün")], None, Some(tag))
                .expect("a line")
        }
        _ => plain(&"S".repeat(limits::NAME_BYTES)),
    }
}

/// How many texts [`text`] knows.
pub(super) const TEXTS: u8 = 3;

/// The texts of tales: short ones first, then the longest.
pub(super) fn text(at: u8) -> String {
    match at {
        0 => "for Ann".into(),
        1 => "for Bob".into(),
        _ => "n".repeat(limits::TEXT_BYTES),
    }
}

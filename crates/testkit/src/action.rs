//! Actions of scenarios: by which device, on which lines, with which texts.

use super::history::ENGRAVING;
use super::shrink::smaller;
use holdall::action::Action;
use holdall::cart::List;
use holdall::id::{AttributeKey, LineKey, OptionKey, OptionValue, Sku, Tag, Text};
use holdall::limits;
use holdall::quantity::Quantity;
use holdall::view::RowRef;

/// Device of the account or of a guest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Device {
    /// Of the account; merges happen here.
    Laptop,
    /// Of the account.
    Tablet,
    /// Of the guest.
    Phone,
    /// Second device of the first guest.
    Kiosk,
    /// Of a second guest.
    Watch,
}

impl Device {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Laptop, Self::Tablet, Self::Phone, Self::Kiosk, Self::Watch];

    /// Returns the name of the device in stories.
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

    /// Returns the cart that the device writes to before it hears of a merge.
    #[must_use]
    pub const fn cart(self) -> &'static str {
        match self {
            Self::Laptop | Self::Tablet => ACCOUNT,
            Self::Phone | Self::Kiosk => GUEST,
            Self::Watch => SECOND_GUEST,
        }
    }

    /// Returns the other device of its cart.
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

/// Action of a scenario. Lines and texts are small numbers. The lines: X (0), Y (1), a gift (2),
/// one with options and a tag in other scripts (3), one with the longest SKU (4). The texts: two
/// short ones (0, 1) and the longest (2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScenarioAction {
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
    /// Move it to the other list.
    Move {
        /// The line.
        line: u8,
        /// The list that it leaves.
        from: List,
    },
    /// Write a note on it.
    Note {
        /// The line.
        line: u8,
        /// The text.
        text: u8,
    },
    /// Write what to engrave, which is an attribute.
    Attribute {
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

impl ScenarioAction {
    /// Returns the line that the action is about.
    #[must_use]
    pub const fn line(self) -> Option<u8> {
        match self {
            Self::Add { line, .. }
            | Self::Set { line, .. }
            | Self::Remove { line }
            | Self::Move { line, .. }
            | Self::Note { line, .. }
            | Self::Attribute { line, .. } => Some(line),
            Self::Order | Self::Meet => None,
        }
    }

    /// Returns the shopper's action, on the line as a whole; `None` for an order and for a meeting.
    ///
    /// # Panics
    /// Panics if the units are 0 or above the limit of a quantity.
    #[must_use]
    pub fn action(self) -> Option<Action> {
        let row = RowRef::active(line(self.line()?));
        let quantity = |units| Quantity::new(units).expect("a quantity");
        let text = |at| Some(Text::new(text(at)).expect("a text"));
        match self {
            Self::Add { units, .. } => {
                Some(Action::Add { row, quantity: quantity(units), price: None })
            }
            Self::Set { units, .. } => Some(Action::Set { row, quantity: units, price: None }),
            Self::Remove { .. } => Some(Action::Remove { row }),
            Self::Move { from, .. } => Some(Action::Move { row: RowRef { list: from, ..row } }),
            Self::Note { text: at, .. } => Some(Action::Note { row, text: text(at) }),
            Self::Attribute { text: at, .. } => {
                let key = AttributeKey::new(ENGRAVING).expect("a key");
                Some(Action::Attribute { row, key, value: text(at) })
            }
            Self::Order | Self::Meet => None,
        }
    }

    pub(super) fn shrink(self) -> Vec<Self> {
        let mut found = Vec::new();
        match self {
            Self::Add { line, units } => {
                found.extend(smaller(units, 1).into_iter().map(|units| Self::Add { line, units }));
            }
            Self::Set { line, units } => {
                found.push(Self::Add { line, units });
                found.extend(smaller(units, 1).into_iter().map(|units| Self::Set { line, units }));
            }
            Self::Attribute { line, text } => found.push(Self::Note { line, text }),
            _ => {}
        }
        let Some(line) = self.line() else { return found };
        for line in smaller(line.into(), 0) {
            found.push(self.on(line as u8));
        }
        if let Self::Note { line, text } | Self::Attribute { line, text } = self {
            let note = matches!(self, Self::Note { .. });
            for text in smaller(text.into(), 0) {
                let text = text as u8;
                found.push(if note {
                    Self::Note { line, text }
                } else {
                    Self::Attribute { line, text }
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
            Self::Move { from, .. } => Self::Move { line, from },
            Self::Note { text, .. } => Self::Note { line, text },
            Self::Attribute { text, .. } => Self::Attribute { line, text },
            Self::Order | Self::Meet => self,
        }
    }
}

/// Action of a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScenarioStep {
    /// Who.
    pub device: Device,
    /// What.
    pub action: ScenarioAction,
    /// On the guest's row of a split line rather than on the line as a whole. After a merge only.
    pub guests_row: bool,
}

impl ScenarioStep {
    /// Makes a step on a line as a whole.
    #[must_use]
    pub const fn new(device: Device, action: ScenarioAction) -> Self {
        Self { device, action, guests_row: false }
    }
}

/// How many lines [`line`] knows.
pub(super) const LINES: u8 = 5;

/// Returns a line of the scenarios: plain ones first, then the largest that the limits allow.
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

/// Returns a text of the scenarios: short ones first, then the longest.
pub(super) fn text(at: u8) -> String {
    match at {
        0 => "for Ann".into(),
        1 => "for Bob".into(),
        _ => "n".repeat(limits::TEXT_BYTES),
    }
}

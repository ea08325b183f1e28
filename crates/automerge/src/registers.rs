//! Registers as text: a verb of its own for each kind.

use super::action::{AttributeText, EntryText, GiftText};
use super::error::Refused;
use holdall::cart::{Gift, Register};
use holdall::id::{AttributeKey, ShippingOption, Text};

/// Writes a register as the verb of an entry's text.
pub(super) fn write(action: &mut EntryText, value: &Register) {
    match value {
        Register::Note(note) => action.note = Some(note.to_string()),
        Register::Gift(gift) => {
            let message = gift.message.as_ref().map(ToString::to_string);
            action.gift = Some(GiftText { wrap: gift.wrap, message });
        }
        Register::Attribute(key, value) => {
            let (key, value) = (key.to_string(), value.to_string());
            action.attribute = Some(AttributeText { key, value });
        }
        Register::Shipping(option) => action.shipping = Some(option.to_string()),
    }
}

/// Reads the register that an entry's text writes; `None` if its verb is another.
///
/// # Errors
/// A text that is not within the limits.
pub(super) fn read(action: &mut EntryText) -> Result<Option<Register>, Refused> {
    if let Some(note) = action.note.take() {
        return Ok(Some(Register::Note(Text::new(note)?)));
    }
    if let Some(gift) = action.gift.take() {
        let message = gift.message.map(Text::new).transpose()?;
        return Ok(Some(Register::Gift(Gift { wrap: gift.wrap, message })));
    }
    if let Some(attribute) = action.attribute.take() {
        let key = AttributeKey::new(attribute.key)?;
        return Ok(Some(Register::Attribute(key, Text::new(attribute.value)?)));
    }
    let option = action.shipping.take().map(ShippingOption::new).transpose()?;
    Ok(option.map(Register::Shipping))
}

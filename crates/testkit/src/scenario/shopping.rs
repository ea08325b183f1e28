//! The shopper's verbs as stories write them. The parser, the runner and the writer all go by
//! [`VERBS`].

use super::act_failure::ActFailure;
use super::row_name::{RowName, SideName, row_ref};
use holdall::action::Action;
use holdall::cart::{Gift, List};
use holdall::id::{AttributeKey, CouponCode, ShippingOption, Text};
use holdall::money::Money;
use holdall::quantity::Quantity;
use holdall::replica::Replica;
use holdall::view::RowRef;

/// A verb of stories that stands for an [`Action`].
#[derive(Debug)]
pub(crate) struct StoryVerb {
    /// The key of the step.
    pub(crate) key: &'static str,
    /// What value the key has.
    pub(crate) value: ValueForm,
    /// The list that the row is in, where the verb says so; else the story's `list`, else the list
    /// that shows the line.
    list: Option<List>,
    /// Makes the action. The row is there if the story names one.
    action: fn(Option<RowRef>, &Details) -> Result<Action, ActFailure>,
}

/// Form of a verb's value in a story.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ValueForm {
    /// A table with a line and other keys, of which some are needed.
    Row { needs: &'static [&'static str], may: &'static [&'static str] },
    /// A table with other keys, and a line if it is not about the whole cart.
    RowOrCart { needs: &'static [&'static str], may: &'static [&'static str] },
    /// A string.
    Word,
    /// `true` or `false`.
    Flag,
    /// `true` for the active list, or the name of a list.
    List,
}

/// Details of a verb beside its row, unchecked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Details {
    pub(crate) quantity: Option<i64>,
    pub(crate) price: Option<Money>,
    pub(crate) text: Option<String>,
    pub(crate) wrap: Option<bool>,
    pub(crate) message: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) word: Option<String>,
    pub(crate) flag: Option<bool>,
    pub(crate) list: Option<List>,
}

/// An action as a story names it. Its names are checked when the step is told, so that a story can
/// expect a refusal.
#[derive(Debug, Clone)]
pub(crate) struct StoryAction {
    pub(crate) verb: &'static StoryVerb,
    pub(crate) row: Option<RowName>,
    pub(crate) with: Details,
}

/// Every verb, in the order in which the [format](super) lists them.
pub(crate) static VERBS: [StoryVerb; 13] = [
    StoryVerb {
        key: "add",
        value: ValueForm::Row { needs: &[], may: &["quantity", "price", "currency"] },
        list: Some(List::Active),
        action: |row, with| {
            let quantity = Quantity::new(with.quantity.unwrap_or(1))?;
            Ok(Action::Add { row: on(row)?, quantity, price: with.price })
        },
    },
    StoryVerb {
        key: "set",
        value: ValueForm::Row { needs: &["quantity"], may: &["price", "currency", "list"] },
        list: None,
        action: |row, with| {
            let quantity = match with.quantity {
                Some(0) => 0,
                units => Quantity::new(units.unwrap_or_default())?.get(),
            };
            Ok(Action::Set { row: on(row)?, quantity, price: with.price })
        },
    },
    StoryVerb {
        key: "remove",
        value: ValueForm::Row { needs: &[], may: &["list"] },
        list: None,
        action: |row, _| Ok(Action::Remove { row: on(row)? }),
    },
    StoryVerb {
        key: "clear",
        value: ValueForm::List,
        list: None,
        action: |_, with| Ok(Action::Clear { list: with.list.unwrap_or_default() }),
    },
    StoryVerb {
        key: "save_for_later",
        value: ValueForm::Row { needs: &[], may: &[] },
        list: Some(List::Active),
        action: |row, _| Ok(Action::Move { row: on(row)? }),
    },
    StoryVerb {
        key: "move_to_cart",
        value: ValueForm::Row { needs: &[], may: &[] },
        list: Some(List::Saved),
        action: |row, _| Ok(Action::Move { row: on(row)? }),
    },
    StoryVerb {
        key: "note",
        value: ValueForm::RowOrCart { needs: &["text"], may: &["list"] },
        list: None,
        action: |row, with| {
            let text = text(with.text.as_deref())?;
            Ok(match row {
                Some(row) => Action::Note { row, text },
                None => Action::CartNote { text },
            })
        },
    },
    StoryVerb {
        key: "gift",
        value: ValueForm::Row { needs: &[], may: &["wrap", "message", "list"] },
        list: None,
        action: |row, with| {
            let message = text(with.message.as_deref())?;
            let gift = Gift { wrap: with.wrap.unwrap_or_default(), message };
            let none = !gift.wrap && gift.message.is_none();
            Ok(Action::Gift { row: on(row)?, gift: (!none).then_some(gift) })
        },
    },
    StoryVerb {
        key: "attribute",
        value: ValueForm::Row { needs: &["key", "value"], may: &["list"] },
        list: None,
        action: |row, with| {
            let key = AttributeKey::new(with.key.as_deref().unwrap_or_default())?;
            let value = text(with.value.as_deref())?;
            Ok(Action::Attribute { row: on(row)?, key, value })
        },
    },
    StoryVerb {
        key: "coupon",
        value: ValueForm::Word,
        list: None,
        action: |_, with| Ok(Action::Coupon { code: CouponCode::new(word(with))? }),
    },
    StoryVerb {
        key: "drop_coupon",
        value: ValueForm::Word,
        list: None,
        action: |_, with| Ok(Action::DropCoupon { code: CouponCode::new(word(with))? }),
    },
    StoryVerb {
        key: "shipping",
        value: ValueForm::Word,
        list: None,
        action: |_, with| {
            let option = match word(with) {
                "" => None,
                option => Some(ShippingOption::new(option)?),
            };
            Ok(Action::Shipping { option })
        },
    },
    StoryVerb {
        key: "consent",
        value: ValueForm::Flag,
        list: None,
        action: |_, with| Ok(Action::Consent { given: with.flag.unwrap_or_default() }),
    },
];

/// Takes the row of a verb that is always about one: the parser has seen to it.
fn on(row: Option<RowRef>) -> Result<RowRef, ActFailure> {
    row.ok_or_else(|| ActFailure::new("invalid", "the verb is about a line"))
}

/// Reads a text, or none where a story has the empty one.
fn text(text: Option<&str>) -> Result<Option<Text>, ActFailure> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => Ok(Some(Text::new(text)?)),
    }
}

fn word(with: &Details) -> &str {
    with.word.as_deref().unwrap_or_default()
}

impl ValueForm {
    /// Says what the value is, for whoever wrote another.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Row { .. } => "a table with a line",
            Self::RowOrCart { .. } => "a table",
            Self::Word => "a string",
            Self::Flag => "true or false",
            Self::List => "true, \"active\" or \"saved\"",
        }
    }
}

impl StoryVerb {
    /// Finds the verb of a key.
    pub(crate) fn of(key: &str) -> Option<&'static Self> {
        VERBS.iter().find(|verb| verb.key == key)
    }
}

impl StoryAction {
    /// Makes the action at a replica, as its shopper sees the cart.
    pub(crate) fn at(&self, replica: &Replica) -> Result<Action, ActFailure> {
        let row = match &self.row {
            Some(name) => Some(row_ref(replica, name, self.preferred(name))?),
            None => None,
        };
        (self.verb.action)(row, &self.with)
    }

    /// Returns the list that the row is in, if that does not hang on what is shown.
    fn preferred(&self, name: &RowName) -> Option<List> {
        let named = self.verb.list.or(name.list);
        // Only what is removed has to be there.
        named.or((self.verb.key == "set" && self.with.quantity != Some(0)).then_some(List::Active))
    }

    /// Writes an action as a story has it. A row of a guest's side is called that, whichever guest
    /// it is.
    ///
    /// `None` for a verb that stories do not have.
    pub(crate) fn of(action: &Action) -> Option<Self> {
        let text = |text: &Option<Text>| Some(text.as_ref().map_or("", Text::as_str).to_owned());
        let units = |units: u32| Some(units.into());
        let word = |word: &str| Details { word: Some(word.to_owned()), ..Details::default() };
        let (key, with) = match action {
            Action::Add { quantity, price, .. } => {
                let quantity = units(quantity.get());
                ("add", Details { quantity, price: *price, ..Details::default() })
            }
            Action::Set { quantity, price, .. } => {
                let quantity = units(*quantity);
                ("set", Details { quantity, price: *price, ..Details::default() })
            }
            Action::Remove { .. } => ("remove", Details::default()),
            Action::Clear { list } => {
                ("clear", Details { list: Some(*list), ..Details::default() })
            }
            Action::Move { row } => match row.list {
                List::Active => ("save_for_later", Details::default()),
                List::Saved => ("move_to_cart", Details::default()),
            },
            Action::Note { text: note, .. } | Action::CartNote { text: note } => {
                ("note", Details { text: text(note), ..Details::default() })
            }
            Action::Gift { gift, .. } => {
                let Gift { wrap, message } = gift.clone().unwrap_or_default();
                let message = message.map(|message| message.to_string());
                ("gift", Details { wrap: Some(wrap), message, ..Details::default() })
            }
            Action::Attribute { key, value, .. } => {
                let (key, value) = (Some(key.to_string()), text(value));
                ("attribute", Details { key, value, ..Details::default() })
            }
            Action::Shipping { option } => {
                ("shipping", word(option.as_ref().map_or("", ShippingOption::as_str)))
            }
            Action::Coupon { code } => ("coupon", word(code.as_str())),
            Action::DropCoupon { code } => ("drop_coupon", word(code.as_str())),
            Action::Consent { given } => {
                ("consent", Details { flag: Some(*given), ..Details::default() })
            }
            #[allow(unreachable_patterns, reason = "the list of actions may grow")]
            _ => return None,
        };
        let verb = StoryVerb::of(key)?;
        let row = action.row().map(|row| {
            let side = row.side.map(SideName::from);
            // Most rows are in the active list, and stories say nothing of it.
            let list = (verb.list.is_none() && row.list == List::Saved).then_some(row.list);
            RowName { list, ..RowName::of(&row.line, side) }
        });
        // An Add to the saved list is refused, and no story says it.
        let lost = verb.list.is_some() && verb.list != action.row().map(|row| row.list);
        (!lost).then_some(Self { verb, row, with })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::story::{StepKind, Story, StoryAct};
    use super::*;
    use crate::sample_actions;
    use holdall::id::{CartId, ReplicaId};

    /// Parses a story of one step, and returns its action.
    fn told(text: &str) -> StoryAction {
        let mut story = Story::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        match story.steps.remove(0).verb {
            StepKind::Act { act: StoryAct::Shop(action), .. } => action,
            other => panic!("{other:?}"),
        }
    }

    /// Each verb can be written, and reads back as its action.
    #[test]
    fn every_action_is_told_and_read_again() {
        let replica = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
        let mut names = BTreeSet::new();
        for mut action in sample_actions() {
            let Some(wish) = StoryAction::of(&action) else {
                let is_add_to_saved = action.name() == "add"
                    && action.row().is_some_and(|row| row.list == List::Saved);
                assert!(is_add_to_saved, "no story tells {action:?}");
                continue;
            };
            let mut story = Story::parse(
                "name = \"a\"\nsteps = [ { at = \"a\", cart = \"c\", clear = true } ]\n[[expect]]\ncart = \"c\"\nempty = true",
            )
            .expect("a story");
            if let StepKind::Act { act, .. } = &mut story.steps[0].verb {
                *act = StoryAct::Shop(wish);
            }
            let again = told(&story.to_string());
            names.insert(action.name());
            // A gift option that asks for nothing is none in a story.
            if let Action::Gift { gift, .. } = &mut action {
                gift.take_if(|gift| *gift == Gift::default());
            }
            match action.row().and_then(|row| row.side) {
                // Which guest it is shows when the line is split.
                Some(holdall::view::Side::Guest(_)) => assert_eq!(
                    again.row.and_then(|row| row.side),
                    Some(SideName::Guest),
                    "{action:?}"
                ),
                _ => assert_eq!(again.at(&replica).as_ref(), Ok(&action), "{story}"),
            }
        }
        assert_eq!(names, Action::NAMES.into());
    }

    /// An error about a value names the verb.
    #[test]
    fn a_wrong_value_is_refused() {
        for (step, says) in [
            ("add = \"TEE\"", "add: its value is a table with a line"),
            ("add = { quantity = 2 }", "add: sku is missing"),
            ("add = { sku = \"TEE\", text = \"a\" }", "add: unknown key \"text\""),
            ("add = { sku = \"TEE\", list = \"saved\" }", "add: unknown key \"list\""),
            ("set = { sku = \"TEE\" }", "set: quantity is missing"),
            (
                "set = { sku = \"TEE\", quantity = 1, list = \"wishes\" }",
                "set: list: \"wishes\" is not",
            ),
            ("note = { sku = \"TEE\" }", "note: text is missing"),
            ("attribute = { sku = \"TEE\", key = \"a\" }", "attribute: value is missing"),
            ("clear = false", "clear: only true has a meaning"),
            ("clear = \"wishes\"", "clear: list: \"wishes\" is not"),
            ("consent = \"yes\"", "consent: its value is true or false"),
            ("coupon = true", "coupon: its value is a string"),
            ("buy = true", "a step has no key \"buy\""),
            ("clear = true, coupon = \"A\"", "exactly one verb, here are clear and coupon"),
            ("restart = \"a\", coupon = \"A\"", "exactly one verb, here are coupon and restart"),
        ] {
            let text =
                format!("name = \"a\"\nsteps = [\n{{ at = \"a\", cart = \"c\", {step} }}\n]");
            let error = Story::parse(&text).expect_err(step);
            assert!(error.what.contains(says), "{step}: {error}");
            assert_eq!(error.line, 3, "{step}: {error}");
        }
    }
}

//! Step 4 of evaluating a cart: rows, and the rest of what the shopper sees.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::evaluate::{Evaluator, LineEvaluation};
use super::observe::Observer;
use super::options::ViewOptions;
use super::plain_cart;
use super::row_ref::{RowRef, Side};
use crate::cart::{
    Body, Cart, EntryKind, EntryRef, Gift, List, OrderPlaced, Register, RuleRef, latest,
};
use crate::clock::Time;
use crate::dots::Dot;
use crate::id::{AttributeKey, CartId, CouponCode, LineKey, OrderId, ShippingOption, Text};
use crate::money::{Currency, Money};
use crate::policy::Registry;

/// Row as the shopper sees it: a line in a list, or one side of it.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, Row};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// phone.add(0, &LineKey::sku("TEE")?, Quantity::new(2)?, None)?;
/// let row: Row = phone.view().lines[0].clone();
/// assert_eq!((row.quantity, row.side), (2, None));
/// phone.remove(1_000, &row.reference())?;
/// assert!(phone.view().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Line that the row belongs to.
    pub line: LineKey,
    /// List that the row is in.
    pub list: List,
    /// Side of the line, while a merge shows it as two rows.
    pub side: Option<Side>,
    /// Units shown, limited by the ceiling.
    pub quantity: u64,
    /// Sum of the contributions, in units. It exceeds `quantity` where a ceiling applies.
    pub asked: u64,
    /// Note of the line.
    pub note: Option<Text>,
    /// Gift option of the line.
    pub gift: Option<Gift>,
    /// Other attributes of the line.
    pub attributes: BTreeMap<AttributeKey, Text>,
    /// Price that the shopper saw last. A cart never charges it.
    pub seen_price: Option<Money>,
    /// Whether the shopper is asked which of the rows of this line to keep.
    pub question: bool,
    /// Merge rule that decided on the row last.
    pub because: Option<RuleRef>,
}

impl Row {
    /// Makes a row of a whole line with 0 units.
    pub(super) fn of(line: &LineKey, list: List) -> Self {
        Self {
            line: line.clone(),
            list,
            side: None,
            quantity: 0,
            asked: 0,
            note: None,
            gift: None,
            attributes: BTreeMap::new(),
            seen_price: None,
            question: false,
            because: None,
        }
    }

    /// Returns the name by which an action refers to this row.
    #[must_use]
    pub fn reference(&self) -> RowRef {
        RowRef { line: self.line.clone(), list: self.list, side: self.side }
    }
}

/// Notice for the shopper, the shop or its operators. A notice prevents no action, except that
/// checkout is refused on some lines.
///
/// ```
/// use holdall::{CartId, LineKey, Notice, Quantity, Replica, ReplicaId, ViewOptions};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2))
///     .with_options(ViewOptions { ceiling: 10 });
/// let tee = LineKey::sku("TEE")?;
/// phone.add(0, &tee, Quantity::new(12)?, None)?;
/// assert_eq!(phone.view().notices, [Notice::Ceiling { line: tee, asked: 12, shown: 10 }]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The contributions of a row exceed its ceiling.
    Ceiling {
        /// The line.
        line: LineKey,
        /// Sum of the contributions, in units.
        asked: u64,
        /// Units shown.
        shown: u64,
    },
    /// A merge asks the shopper which side to keep.
    Question {
        /// The line.
        line: LineKey,
    },
    /// This replica lacks the rule of a merge. Both sides are shown, and checkout is refused.
    PolicyUnavailable {
        /// The line.
        line: LineKey,
        /// Missing rule.
        rule: RuleRef,
    },
    /// The cart has an entry of a kind that this version does not know.
    NeedsUpgrade {
        /// Line of the entry, if it is about one.
        line: Option<LineKey>,
    },
    /// Two orders bought the same units.
    ConcurrentOrders {
        /// Orders that bought the units.
        orders: Vec<OrderId>,
        /// Lines that they share.
        lines: Vec<LineKey>,
    },
    /// The rows have seen prices in more than one currency, so the cart needs a new quote.
    Currencies {
        /// Currencies, sorted.
        currencies: Vec<Currency>,
    },
}

impl Notice {
    /// Returns the name of the kind of notice in JSON: `ceiling`, `question` and so on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ceiling { .. } => "ceiling",
            Self::Question { .. } => "question",
            Self::PolicyUnavailable { .. } => "policy-unavailable",
            Self::NeedsUpgrade { .. } => "needs-upgrade",
            Self::ConcurrentOrders { .. } => "concurrent-orders",
            Self::Currencies { .. } => "currencies",
        }
    }
}

/// Order that the cart knows of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderView {
    /// Identifier of the order.
    pub id: OrderId,
    /// Time at which it was placed.
    pub time: Time,
    /// Lines that it bought, with units.
    pub lines: Vec<(LineKey, u64)>,
}

/// What the shopper sees of a cart. Rows are sorted by line, so every replica shows them in one
/// order.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, RowRef, View};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// phone.add(0, &tee, Quantity::new(2)?, None)?;
/// phone.relocate(1_000, &RowRef::active(tee.clone()))?;
///
/// let view: View = phone.view();
/// assert!(view.lines.is_empty());
/// assert_eq!((&view.saved[0].line, view.saved[0].quantity), (&tee, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// Rows of the active list.
    pub lines: Vec<Row>,
    /// Rows of the saved list.
    pub saved: Vec<Row>,
    /// Coupon codes, sorted. Each is pending until the shop validates it.
    pub coupons: Vec<CouponCode>,
    /// Chosen shipping option.
    pub shipping: Option<ShippingOption>,
    /// Note of the cart.
    pub note: Option<Text>,
    /// Whether the shop may remind the shopper: true only if consent was given and not revoked.
    pub consent: bool,
    /// Known orders, by the time at which they were placed.
    pub orders: Vec<OrderView>,
    /// Notices for the shopper, the shop or its operators.
    pub notices: Vec<Notice>,
    /// Whether the cart was erased.
    pub erased: bool,
}

impl View {
    /// Returns whether neither list has a row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.saved.is_empty()
    }

    /// Returns the units of a line in the active list, summed over its rows; 0 if it is not there.
    #[must_use]
    pub fn quantity(&self, line: &LineKey) -> u64 {
        self.lines.iter().filter(|row| row.line == *line).map(|row| row.quantity).sum()
    }

    /// Appends the rows and notices of an evaluated line.
    fn put_evaluation(
        &mut self,
        evaluator: &Evaluator<'_>,
        evaluation: &LineEvaluation<'_>,
        options: &ViewOptions,
    ) {
        notices_of(evaluation, &mut self.notices);
        for list in List::ALL {
            rows_of(evaluator, evaluation, list, options).into_iter().for_each(|row| self.put(row));
        }
    }

    /// Appends the rows of a line whose sums are known without an evaluation.
    fn put_sums(
        &mut self,
        line: &LineKey,
        sums: &[plain_cart::ListSum<'_>; 2],
        options: &ViewOptions,
    ) {
        for list in List::ALL {
            let sum = &sums[list as usize];
            if sum.shown {
                let quantity = sum.units.min(options.ceiling);
                let (asked, seen_price) = (sum.units, sum.seen_price());
                self.put(Row { quantity, asked, seen_price, ..Row::of(line, list) });
            }
        }
    }

    /// Appends a row to its list, with a notice if a ceiling applies.
    #[inline]
    fn put(&mut self, row: Row) {
        if row.asked > row.quantity {
            let (line, asked, shown) = (row.line.clone(), row.asked, row.quantity);
            self.notices.push(Notice::Ceiling { line, asked, shown });
        }
        match row.list {
            List::Active => self.lines.push(row),
            List::Saved => self.saved.push(row),
        }
    }

    /// Iterates over every row, those of the active list first.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.lines.iter().chain(&self.saved)
    }
}

/// Computes what the shopper sees: a pure function of the cart's state, the registered rules and
/// the deployment's options.
///
/// ```
/// use holdall::{view, Cart, CartId, Registry, ViewOptions};
/// let cart = Cart::new(CartId::from_u128(1));
/// assert!(view(&cart, &Registry::default(), &ViewOptions::default()).is_empty());
/// ```
#[must_use]
pub fn view(cart: &Cart, rules: &Registry, options: &ViewOptions) -> View {
    let look = Observer::at(cart, rules);
    let evaluator = look.evaluator();
    let mut view = View { erased: cart.is_erased(), ..View::default() };
    // Lines without interaction need only sums, which is faster by far.
    if look.is_simple() {
        let by_line = cart.live().by_line();
        view.lines.reserve(by_line.most());
        for (line, facts) in by_line.iter() {
            match plain_cart::sums(cart.id(), facts.clone()) {
                Some(sums) => view.put_sums(line, &sums, options),
                None => view.put_evaluation(&evaluator, &evaluator.alone(line, facts), options),
            }
        }
    } else {
        for evaluation in evaluator.all() {
            view.put_evaluation(&evaluator, &evaluation, options);
        }
    }
    // Coupons, registers, consent and orders count if they are the account's or a merged guest's.
    let ours = |kind| cart.live().of_kind(kind).filter(|fact| look.is_ours(fact.scope()));
    let coupons = ours(EntryKind::Coupon).filter_map(|fact| match fact.body() {
        Body::Coupon(code) => Some((**code).clone()),
        _ => None,
    });
    view.coupons = sabotage!(
        "coupon-is-listed-twice",
        coupons.collect::<BTreeSet<_>>().into_iter().collect(),
        coupons.collect()
    );
    for register in cart_registers(&evaluator, &ours(EntryKind::Register).collect::<Vec<_>>()) {
        match register {
            Register::Note(text) => view.note = Some(text.clone()),
            Register::Shipping(option) => view.shipping = Some(option.clone()),
            Register::Gift(_) | Register::Attribute(..) => {}
        }
    }
    view.consent = consent(cart, ours(EntryKind::Consent));
    orders(ours(EntryKind::Order), &mut view);
    // Unknown entries about lines are reported with their lines.
    let unknown =
        |fact: EntryRef<'_>| fact.line().is_none() && matches!(fact.body(), Body::Unknown { .. });
    if cart.live().of_kind(EntryKind::Other).any(unknown) {
        view.notices.push(Notice::NeedsUpgrade { line: None });
    }
    sabotage!("other-currency-is-left-out", {
        let seen = |row: &Row| row.seen_price.map(|price| price.currency());
        let first = view.lines.iter().find_map(seen);
        view.lines.retain(|row| seen(row).is_none_or(|currency| Some(currency) == first));
    });
    // A cart with prices in several currencies cannot be charged as one.
    let mut currencies: Vec<Currency> = Vec::new();
    for price in view.rows().filter_map(|row| row.seen_price) {
        if let Err(at) = currencies.binary_search(&price.currency()) {
            currencies.insert(at, price.currency());
        }
    }
    if currencies.len() > 1 {
        view.notices.push(Notice::Currencies { currencies });
    }
    view
}

/// Returns the rows of a line in a list: one, or one for each side of a split line.
pub(super) fn rows_of(
    evaluator: &Evaluator<'_>,
    evaluation: &LineEvaluation<'_>,
    list: List,
    options: &ViewOptions,
) -> Vec<Row> {
    let sides = evaluation.sides_in(list);
    let apart = sides.len() > 1;
    let row = |side: CartId| {
        let parts: Vec<_> = evaluation.shown(list, Some(side)).collect();
        let asked = parts.iter().map(|part| u64::from(part.units)).sum();
        // The last merge that decided on a contribution of the row explains it.
        let decided = parts.iter().filter_map(|part| part.decided).max();
        let because = decided.and_then(|merge| {
            let of_merge = evaluation.decisions.iter().find(|decision| decision.merge == merge);
            of_merge.map(|decision| decision.rule.clone())
        });
        let prices = parts.iter().filter_map(|part| {
            part.entry.price().map(|price| (part.entry.time(), part.dot, price))
        });
        let mut row = Row {
            line: evaluation.line.clone(),
            list,
            side: apart.then(|| {
                if side == evaluator.cart.id() { Side::Account } else { Side::Guest(side) }
            }),
            quantity: evaluation.clamp(options, asked),
            asked,
            note: None,
            gift: None,
            attributes: BTreeMap::new(),
            seen_price: sabotage!(
                "first-price-is-shown",
                latest(prices),
                prices.min_by_key(|(time, dot, _)| (*time, *dot)).map(|(_, _, price)| price)
            ),
            question: apart && evaluation.question,
            because,
        };
        for register in row_registers(evaluator, evaluation, side) {
            match register {
                Register::Note(text) => row.note = Some(text.clone()),
                Register::Gift(gift) => row.gift = Some(gift.clone()),
                Register::Attribute(key, value) => {
                    row.attributes.insert(key.clone(), value.clone());
                }
                Register::Shipping(_) => {}
            }
        }
        row
    };
    sides.iter().map(|side| row(*side)).collect()
}

/// Returns the registers that a row shows: of each, the account's value if there is one, else that
/// of the first guest that has it. A row of a guest's side shows only that guest's registers.
fn row_registers<'a>(
    evaluator: &Evaluator<'a>,
    evaluation: &LineEvaluation<'_>,
    side: CartId,
) -> Vec<&'a Register> {
    if !evaluation.registers {
        return Vec::new();
    }
    let own = evaluator.registers(evaluation.line, side);
    if side != evaluator.cart.id() {
        return own;
    }
    // Guests that have a row of their own keep their registers there.
    let apart: BTreeSet<CartId> = evaluation.parts.iter().map(|part| part.side).collect();
    let guests = evaluator.merges.iter().map(|merge| merge.claim.guest);
    let others = guests
        .filter(|guest| !apart.contains(guest))
        .flat_map(|guest| evaluator.registers(evaluation.line, guest));
    let mut all: Vec<&Register> =
        sabotage!("guest-registers-are-lost", own.into_iter().chain(others).collect(), own);
    // The first value of each key wins: the account's, then the guests' in order of the merges.
    let mut keys = BTreeSet::new();
    all.retain(|register| keys.insert(register.key()));
    all
}

/// Returns the registers of the cart: of each, the account's value if there is one, else that of
/// the first guest that has it.
fn cart_registers<'a>(evaluator: &Evaluator<'_>, entries: &[EntryRef<'a>]) -> Vec<&'a Register> {
    let scopes = evaluator.merges.iter().map(|merge| merge.claim.guest);
    let mut found: BTreeMap<_, &Register> = BTreeMap::new();
    for scope in core::iter::once(evaluator.cart.id()).chain(scopes) {
        let mut here: Vec<_> = entries
            .iter()
            .filter(|fact| fact.scope() == scope)
            .filter_map(|fact| match fact.body() {
                Body::Register { value, .. } => Some((fact.time(), fact.dot(), &**value)),
                _ => None,
            })
            .collect();
        here.sort_by_key(|(time, dot, _)| core::cmp::Reverse((*time, *dot)));
        for (_, _, register) in here {
            found.entry(register.key()).or_insert(register);
        }
        // A value of an earlier scope wins over every value of a later scope.
    }
    found.into_values().collect()
}

/// Returns whether consent holds: it was given in this cart, and nobody revoked it, in this cart or
/// as a guest. Consent is never imported from a guest.
fn consent<'a>(cart: &Cart, entries: impl Iterator<Item = EntryRef<'a>>) -> bool {
    let mut given = false;
    for entry in entries {
        match entry.body() {
            Body::Consent(true) => {
                given |= sabotage!("guest-consent-is-imported", entry.scope() == cart.id(), true)
            }
            Body::Consent(false) => sabotage!("grant-wins-over-revocation", return false, ()),
            _ => {}
        }
    }
    given
}

/// Adds the known orders to the view, and a notice for units that several orders bought.
fn orders<'a>(entries: impl Iterator<Item = EntryRef<'a>>, view: &mut View) {
    let mut buyers: BTreeMap<Dot, (BTreeSet<&OrderId>, &LineKey)> = BTreeMap::new();
    let mut known: BTreeMap<&OrderId, OrderView> = BTreeMap::new();
    for entry in entries {
        let Body::Order(order) = entry.body() else { continue };
        let OrderPlaced { id, bought, .. } = &**order;
        let mut lines: BTreeMap<&LineKey, u64> = BTreeMap::new();
        // Note who bought each dot, to find units that were bought twice.
        for bought in bought {
            *lines.entry(&bought.line).or_default() += u64::from(bought.taken.units);
            let buyer = buyers.entry(bought.taken.dot).or_insert((BTreeSet::new(), &bought.line));
            buyer.0.insert(id);
        }
        let lines = lines.into_iter().map(|(line, units)| (line.clone(), units)).collect();
        // An order that was written several times is one order, from its earliest time.
        let order = OrderView { id: id.clone(), time: entry.time(), lines };
        let first = known.entry(id).or_insert_with(|| order.clone());
        if order.time < first.time {
            *first = order;
        }
    }
    let mut doubles: BTreeMap<Vec<OrderId>, BTreeSet<LineKey>> = BTreeMap::new();
    sabotage!("double-order-is-not-noticed", { buyers.clear() });
    // One notice for each set of orders that share units.
    for (ids, line) in buyers.into_values().filter(|(ids, _)| ids.len() > 1) {
        let ids = ids.into_iter().cloned().collect();
        doubles.entry(ids).or_default().insert(line.clone());
    }
    for (orders, lines) in doubles {
        let lines = lines.into_iter().collect();
        view.notices.push(Notice::ConcurrentOrders { orders, lines });
    }
    view.orders = known.into_values().collect();
    view.orders.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
}

/// Appends the notices of an evaluated line.
fn notices_of(evaluation: &LineEvaluation<'_>, notices: &mut Vec<Notice>) {
    let line = || evaluation.line.clone();
    if evaluation.question {
        notices.push(Notice::Question { line: line() });
    }
    if let Some(rule) = evaluation.unavailable {
        notices.push(Notice::PolicyUnavailable { line: line(), rule: rule.clone() });
    }
    if evaluation.needs_upgrade {
        notices.push(Notice::NeedsUpgrade { line: Some(line()) });
    }
}

/// Returns the name of a row in a sentence, such as "TEE, the guest's side, saved for later".
pub(super) fn row_name(row: &Row) -> String {
    let mut name = alloc::format!("{}", row.line);
    match row.side {
        Some(Side::Account) => name.push_str(", the account's side"),
        Some(Side::Guest(_)) => name.push_str(", the guest's side"),
        None => {}
    }
    if row.list == List::Saved {
        name.push_str(", saved for later");
    }
    name
}

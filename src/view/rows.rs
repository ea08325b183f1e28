//! Step 4 of the evaluation: the rows of a view, and the parts of a view outside its rows.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::evaluate::{LineEvaluation, LineEvaluator};
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

/// A row of a view: the units of a line in one list.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, RowRef};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// phone.add(0, &tee, Quantity::new(2)?, None)?;
/// let row = phone.view().lines[0].clone();
/// assert_eq!(row.quantity, 2);
/// assert_eq!(row.reference(), RowRef::active(tee));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The line.
    pub line: LineKey,
    /// The list that the row is in.
    pub list: List,
    /// The side of the line, while a merge shows the line as two rows.
    pub side: Option<Side>,
    /// The units shown, limited by the ceilings.
    pub quantity: u64,
    /// The sum of the contributions, in units.
    pub asked: u64,
    /// The note.
    pub note: Option<Text>,
    /// The gift option.
    pub gift: Option<Gift>,
    /// Further attributes.
    pub attributes: BTreeMap<AttributeKey, Text>,
    /// The price that the shopper saw last, for display only.
    pub seen_price: Option<Money>,
    /// Whether a merge asks the shopper which row of the line to keep.
    pub question: bool,
    /// The merge rule that decided on the row last.
    pub because: Option<RuleRef>,
}

impl Row {
    /// Returns a row of a whole line without units.
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

    /// Returns the reference that names the row in an action.
    #[must_use]
    pub fn reference(&self) -> RowRef {
        RowRef { line: self.line.clone(), list: self.list, side: self.side }
    }
}

/// A message about a cart to the shopper, the shop or its operators. A notice prevents no action.
///
/// ```
/// use holdall::{LineKey, Notice};
/// let notice = Notice::Question { line: LineKey::sku("TEE")? };
/// assert_eq!(notice.kind(), "question");
/// assert_eq!(notice.to_string(), "TEE: a merge asks which side to keep.");
/// # Ok::<(), holdall::LineError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The sum of a row exceeds a ceiling.
    Ceiling {
        /// The line.
        line: LineKey,
        /// The sum of the contributions, in units.
        asked: u64,
        /// The units shown.
        shown: u64,
    },
    /// A merge asks the shopper which side to keep.
    Question {
        /// The line.
        line: LineKey,
    },
    /// This replica lacks the rule of a merge. The view shows both sides, and checkout is refused.
    PolicyUnavailable {
        /// The line.
        line: LineKey,
        /// The missing rule.
        rule: RuleRef,
    },
    /// The cart has an entry of a kind that this version does not know.
    NeedsUpgrade {
        /// The line of the entry, if the entry has one.
        line: Option<LineKey>,
    },
    /// Several orders bought the same units.
    ConcurrentOrders {
        /// The ids of the orders.
        orders: Vec<OrderId>,
        /// The lines of these units.
        lines: Vec<LineKey>,
    },
    /// The prices seen have more than one currency, so the shop must quote again.
    Currencies {
        /// The currencies, sorted.
        currencies: Vec<Currency>,
    },
}

impl Notice {
    /// Returns the name of the notice's kind in JSON, such as `ceiling` or `question`.
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

/// An order in a view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderView {
    /// The id of the order.
    pub id: OrderId,
    /// The time at which the order was placed.
    pub time: Time,
    /// The lines bought, with their units.
    pub lines: Vec<(LineKey, u64)>,
}

/// The content of a cart as its shopper sees it. Rows are sorted by line key.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// let tee = LineKey::sku("TEE")?;
/// assert!(phone.view().is_empty());
/// phone.add(0, &tee, Quantity::new(2)?, None)?;
/// assert_eq!(phone.view().quantity(&tee), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// The rows of the active list.
    pub lines: Vec<Row>,
    /// The rows of the saved list.
    pub saved: Vec<Row>,
    /// The coupon codes, each pending until the shop validates it.
    pub coupons: Vec<CouponCode>,
    /// The chosen shipping option.
    pub shipping: Option<ShippingOption>,
    /// The note on the cart.
    pub note: Option<Text>,
    /// Whether the shop may send reminders: a shopper consented in this cart, and nobody revoked
    /// it.
    pub consent: bool,
    /// The known orders, sorted by time and id.
    pub orders: Vec<OrderView>,
    /// The notices about the cart.
    pub notices: Vec<Notice>,
    /// Whether the cart was erased.
    pub erased: bool,
}

impl View {
    /// Returns whether both lists are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.saved.is_empty()
    }

    /// Returns the units shown for a line in the active list, summed over its rows.
    #[must_use]
    pub fn quantity(&self, line: &LineKey) -> u64 {
        self.lines.iter().filter(|row| row.line == *line).map(|row| row.quantity).sum()
    }

    /// Adds the rows and the notices of an evaluated line.
    fn put_evaluation(
        &mut self,
        evaluator: &LineEvaluator<'_>,
        evaluation: &LineEvaluation<'_>,
        options: &ViewOptions,
    ) {
        notices_of(evaluation, &mut self.notices);
        for list in List::ALL {
            rows_of(evaluator, evaluation, list, options).into_iter().for_each(|row| self.put(row));
        }
    }

    /// Adds the rows of a line of a plain cart.
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

    /// Adds a row, and a notice if its sum exceeds the ceiling.
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

    /// Returns the rows of the active list, then the rows of the saved list.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.lines.iter().chain(&self.saved)
    }
}

/// Returns the view of a cart, a pure function of its state, the known rules and the options.
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
    // Evaluate the lines. In a plain cart, most lines are a sum.
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
    // Collect the coupons, the registers, the consent and the orders of the account and merged
    // guests.
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
    // Add the notices that concern the whole cart.
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

/// Returns the rows of a line in a list: one row, or one for each side of a split line.
pub(super) fn rows_of(
    evaluator: &LineEvaluator<'_>,
    evaluation: &LineEvaluation<'_>,
    list: List,
    options: &ViewOptions,
) -> Vec<Row> {
    // Rows name their side only if the line has several in this list.
    let sides = evaluation.sides_in(list);
    let apart = sides.len() > 1;
    let row = |side: CartId| {
        // Sum the contributions of the side.
        let parts: Vec<_> = evaluation.shown(list, Some(side)).collect();
        let asked = parts.iter().map(|part| u64::from(part.units)).sum();
        // Find the rule of the last merge that decided on any of them.
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
        // Set the note, the gift option and the attributes.
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

/// Returns the registers of a row. A guest's row has the guest's registers. The account's row has
/// the account's registers, and for each key that these lack, the register of the first merged
/// guest that has it and no row of its own.
fn row_registers<'a>(
    evaluator: &LineEvaluator<'a>,
    evaluation: &LineEvaluation<'_>,
    side: CartId,
) -> Vec<&'a Register> {
    if !evaluation.registers {
        return Vec::new();
    }
    // A guest's row shows nothing of the other scopes.
    let own = evaluator.registers(evaluation.line, side);
    if side != evaluator.cart.id() {
        return own;
    }
    // Guests with a row of their own keep their registers there.
    let apart: BTreeSet<CartId> = evaluation.parts.iter().map(|part| part.side).collect();
    let guests = evaluator.merges.iter().map(|merge| merge.claim.guest);
    let others = guests
        .filter(|guest| !apart.contains(guest))
        .flat_map(|guest| evaluator.registers(evaluation.line, guest));
    let mut all: Vec<&Register> =
        sabotage!("guest-registers-are-lost", own.into_iter().chain(others).collect(), own);
    // The first register of each key wins.
    let mut keys = BTreeSet::new();
    all.retain(|register| keys.insert(register.key()));
    all
}

/// Returns the registers of the cart itself: for each key the account's register, or else that of
/// the first merged guest that has one.
fn cart_registers<'a>(
    evaluator: &LineEvaluator<'_>,
    entries: &[EntryRef<'a>],
) -> Vec<&'a Register> {
    let scopes = evaluator.merges.iter().map(|merge| merge.claim.guest);
    let mut found: BTreeMap<_, &Register> = BTreeMap::new();
    // The account comes first, then the guests in the order of their merges.
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
    }
    found.into_values().collect()
}

/// Returns whether consent holds: it was given in this cart, and revoked neither in this cart nor
/// by a merged guest. Consent given to a guest does not count.
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

/// Adds the orders to a view, and a notice for orders that bought the same units.
fn orders<'a>(entries: impl Iterator<Item = EntryRef<'a>>, view: &mut View) {
    let mut buyers: BTreeMap<Dot, (BTreeSet<&OrderId>, &LineKey)> = BTreeMap::new();
    let mut known: BTreeMap<&OrderId, OrderView> = BTreeMap::new();
    for entry in entries {
        let Body::Order(order) = entry.body() else { continue };
        let OrderPlaced { id, bought, .. } = &**order;
        // Sum the units of each line, and note who bought each dot.
        let mut lines: BTreeMap<&LineKey, u64> = BTreeMap::new();
        for bought in bought {
            *lines.entry(&bought.line).or_default() += u64::from(bought.taken.units);
            let buyer = buyers.entry(bought.taken.dot).or_insert((BTreeSet::new(), &bought.line));
            buyer.0.insert(id);
        }
        let lines = lines.into_iter().map(|(line, units)| (line.clone(), units)).collect();
        // Entries with one order id are one order. Keep the earliest.
        let order = OrderView { id: id.clone(), time: entry.time(), lines };
        let first = known.entry(id).or_insert_with(|| order.clone());
        if order.time < first.time {
            *first = order;
        }
    }
    // Group the dots that several orders bought by these orders.
    let mut doubles: BTreeMap<Vec<OrderId>, BTreeSet<LineKey>> = BTreeMap::new();
    sabotage!("double-order-is-not-noticed", { buyers.clear() });
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

/// Adds the notices about an evaluated line.
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

/// Returns the name of a row in a sentence, such as "TEE", "TEE, saved for later" or "TEE, the
/// guest's side".
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

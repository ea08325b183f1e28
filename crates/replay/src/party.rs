//! Parties: those who share a cart, with what they want to do and when.
//!
//! The cart of one user never meets another user's, so a replay takes one party after another:
//! memory follows the busiest shopper, not the file.

use std::collections::HashMap;

use holdall_testkit::dice::{Dice, Permille};

use super::conditions::SECOND;
use super::event::{EventKind, Trace, TraceEvent};

/// The share of invoices that are bought at their end; the others stay in the cart, so that the
/// last carts of a year of invoices are not all empty.
const BOUGHT: Permille = 750;

/// Origin of the events, which decides what has to be made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TraceOrigin {
    /// Clicks, each with its time.
    Clicks,
    /// Invoices: clicks are spread over the minutes after the invoice's time.
    Invoices,
}

/// A user, or a guest who never signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Party {
    /// Name of the cart's owner. The random draws of a party follow from the seed and this name.
    pub(crate) name: String,
    /// Whether it is a user, in whose sessions guests may sign in.
    pub(crate) is_user: bool,
    /// The sessions in order of their first click. Each is taken for a device of its own.
    pub(crate) sessions: Vec<ShoppingSession>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ShoppingSession {
    /// What the shopper does, in order; no two at one time.
    pub(crate) clicks: Vec<Click>,
}

/// One thing that a shopper does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Click {
    /// When, in milliseconds since 1970.
    pub(crate) at: u64,
    /// What.
    pub(crate) want: ClickIntent,
}

/// Intent of a shopper, before it is known what the device shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClickIntent {
    /// Look at a page, which reads the cart.
    Look,
    /// Put so many units of a line into the cart.
    Add(u32, u32),
    /// Take the line out.
    Remove(u32),
    /// Take back so many units of a line.
    Cancel(u32, u32),
    /// Buy what the cart shows. The products that the trace says were bought.
    Buy(Vec<u32>),
}

/// Sorts a trace's events into parties, in order of their first event.
pub(crate) fn parties(trace: &Trace, origin: TraceOrigin, seed: u64) -> Vec<Party> {
    let mut parties: Vec<Party> = Vec::new();
    let mut places: HashMap<u32, (usize, usize)> = HashMap::new();
    let mut users: HashMap<u32, usize> = HashMap::new();
    for event in &trace.events {
        let (party, session) = *places.entry(event.session).or_insert_with(|| {
            let party = match event.user {
                Some(user) => *users.entry(user).or_insert(parties.len()),
                None => parties.len(),
            };
            if party == parties.len() {
                parties.push(new_party(trace, event));
            }
            parties[party].sessions.push(ShoppingSession::default());
            (party, parties[party].sessions.len() - 1)
        });
        parties[party].sessions[session].push(event);
    }
    for party in &mut parties {
        let mut dice = Dice::named(seed ^ 0x5e55_1045, &party.name);
        for session in &mut party.sessions {
            session.spread(origin, &mut dice);
        }
    }
    parties
}

fn new_party(trace: &Trace, event: &TraceEvent) -> Party {
    let name = match event.user {
        Some(user) => trace.users.name(user).to_owned(),
        None => format!("guest {}", trace.sessions.name(event.session)),
    };
    Party { name, is_user: event.user.is_some(), sessions: Vec::new() }
}

impl ShoppingSession {
    /// Takes one more event; purchase rows of one moment are one purchase.
    fn push(&mut self, event: &TraceEvent) {
        let want = match event.kind {
            EventKind::View => ClickIntent::Look,
            EventKind::Cart => ClickIntent::Add(event.product, event.units),
            EventKind::Remove => ClickIntent::Remove(event.product),
            EventKind::Cancel => ClickIntent::Cancel(event.product, event.units),
            EventKind::Purchase => {
                if let Some(Click { at, want: ClickIntent::Buy(products) }) = self.clicks.last_mut()
                    && *at == event.at
                {
                    products.push(event.product);
                    return;
                }
                ClickIntent::Buy(vec![event.product])
            }
        };
        self.clicks.push(Click { at: event.at, want });
    }

    /// Gives every click a moment of its own, and invoices their purchase.
    fn spread(&mut self, origin: TraceOrigin, dice: &mut Dice) {
        let (least, most) = match origin {
            TraceOrigin::Clicks => (40, 400),
            TraceOrigin::Invoices => (SECOND, 4 * SECOND),
        };
        let bought = dice.happens(BOUGHT);
        let fills = self.clicks.iter().any(|click| matches!(click.want, ClickIntent::Add(..)));
        if origin == TraceOrigin::Invoices && bought && fills {
            let at = self.clicks.last().map_or(0, |click| click.at);
            self.clicks.push(Click { at, want: ClickIntent::Buy(Vec::new()) });
        }
        let mut last = 0;
        for click in &mut self.clicks {
            let earliest = last + dice.between(least, most);
            click.at = if last == 0 { click.at } else { click.at.max(earliest) };
            last = click.at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read, retail};
    use std::io::Cursor;

    #[test]
    fn sessions_belong_to_users_and_purchases_are_one() {
        let text = "event_time,event_type,product_id,price,user_id,user_session\n\
                    2022-10-01 00:00:01 UTC,cart,1,1,7,a\n\
                    2022-10-01 00:00:02 UTC,cart,2,1,7,b\n\
                    2022-10-01 00:00:02 UTC,cart,3,1,7,a\n\
                    2022-10-01 00:00:02 UTC,view,3,1,7,a\n\
                    2022-10-01 00:00:03 UTC,purchase,1,1,7,a\n\
                    2022-10-01 00:00:03 UTC,purchase,3,1,7,a\n\
                    2022-10-01 00:00:04 UTC,cart,1,1,,c\n";
        let trace = read::read("t.csv", Box::new(Cursor::new(text))).unwrap();
        let parties = parties(&trace, TraceOrigin::Clicks, 1);
        assert_eq!(parties.len(), 2);
        assert!(parties[0].is_user && !parties[1].is_user);
        let clicks = &parties[0].sessions[0].clicks;
        assert_eq!(clicks.len(), 4);
        assert!(clicks.windows(2).all(|pair| pair[0].at < pair[1].at), "{clicks:?}");
        assert_eq!(clicks[3].want, ClickIntent::Buy(vec![0, 2]));
    }

    #[test]
    fn invoices_are_spread_and_mostly_bought() {
        let rows: String = (0..400).map(|n| format!("{n},A,5,2010-12-01 08:26:00,1,9\n")).collect();
        let text = format!("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n{rows}");
        let trace = retail::read("t.csv", Box::new(Cursor::new(text))).unwrap();
        let parties = parties(&trace, TraceOrigin::Invoices, 1);
        assert_eq!(parties[0].sessions.len(), 400);
        let bought = parties[0].sessions.iter().filter(|session| session.clicks.len() == 2).count();
        assert!((250..350).contains(&bought), "{bought}");
    }
}

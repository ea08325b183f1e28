//! What the shopper is told, word by word: each reason there is, and no other.

use holdall::cart::{LosingUnits, RuleRef};
use holdall::policy::{Choice, MergeInput};
use holdall::view::{Phrasing, PlainPhrasing, Reason};
use holdall::{
    Currency, Delta, LineKey, List, Notice, OrderId, Registry, Replica, ReplicaId, RowRef, Rule,
    Time, ViewOptions,
};

use super::devices::{
    ACCOUNT, GUEST, buy, claim, join, replica, row, rule, saved, shown, tee, tell, units,
};

/// Who the devices of these tests are: 1 is the phone, 2 the laptop, 3 the kiosk.
struct Home;

impl Phrasing for Home {
    fn device(&self, replica: ReplicaId) -> String {
        ["nobody", "your phone", "your laptop", "the kiosk"][replica.as_u128() as usize].into()
    }

    fn time(&self, time: Time) -> String {
        let minutes = time.ms() / 60_000;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// So many minutes past ten.
fn at(minutes: u64) -> u64 {
    (600 + minutes) * 60_000
}

fn add(replica: &mut Replica, minutes: u64, n: u32) -> Delta {
    replica.add(at(minutes), &tee(), units(n), None).expect("an add")
}

fn set(replica: &mut Replica, minutes: u64, n: u32) -> Delta {
    replica.set(at(minutes), &row(), n, None).expect("a set")
}

fn told(replica: &Replica) -> Vec<String> {
    replica.explain().iter().flat_map(|line| line.sentences(&Home)).collect()
}

/// The kinds of reasons of all parts, those that count first.
fn reasons(replica: &Replica) -> Vec<Reason> {
    let explained = replica.explain();
    let parts = explained.iter().flat_map(|line| {
        line.rows.iter().flat_map(|row| &row.parts).chain(&line.hidden).collect::<Vec<_>>()
    });
    parts.flat_map(|part| part.reasons.clone()).collect()
}

/// Who has no names gives devices by the beginning of their id, and times in UTC.
#[test]
fn plain_names_are_short() {
    let laptop = ReplicaId::from_u128(0x1234_5678_9abc_def0 << 64);
    assert_eq!(PlainPhrasing.device(laptop), "device 12345678");
    let clock = |ms| PlainPhrasing.time(Time::from_ms(ms));
    assert_eq!([clock(0), clock(59_999), clock(at(7))], ["00:00", "00:00", "10:07"]);
    assert_eq!(clock(1_700_000_000_000), "22:13");
}

#[test]
fn nothing_is_told_of_what_is_as_it_was_put_in() {
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    add(&mut phone, 1, 2);
    add(&mut laptop, 2, 3);
    tell(&laptop, &mut phone);
    let row = "TEE: 5, from 2 added on your phone at 10:01 and 3 added on your laptop at 10:02.";
    assert_eq!(told(&phone), [row]);
    assert_eq!(reasons(&phone), []);
}

#[test]
fn of_sets_at_once_the_latest_is_told() {
    let (mut phone, mut laptop, mut kiosk) =
        (replica(ACCOUNT, 1), replica(ACCOUNT, 2), replica(ACCOUNT, 3));
    set(&mut phone, 1, 3);
    set(&mut laptop, 2, 5);
    set(&mut kiosk, 0, 4);
    add(&mut kiosk, 1, 1);
    tell(&laptop, &mut phone);
    tell(&kiosk, &mut phone);
    assert_eq!(
        told(&phone),
        [
            "TEE: 6, from 5 set on your laptop at 10:02 and 1 added on the kiosk at 10:01.",
            "You set 3 on your phone at 10:01; 5 from your laptop (10:02) is shown.",
            "You set 4 on the kiosk at 10:00; 5 from your laptop (10:02) is shown.",
        ]
    );
}

/// At the same time is not before: nothing says that the order could have had it.
#[test]
fn what_was_added_as_an_order_was_placed_is_not_told_as_missed() {
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    add(&mut laptop, 0, 3);
    tell(&laptop, &mut phone);
    let order = buy(&mut laptop, at(5), "O-1");
    add(&mut phone, 5, 2);
    assert_eq!(phone.latest(), laptop.latest());
    join(&mut phone, &order);
    assert_eq!((shown(&phone), reasons(&phone)), (2, vec![]));
}

/// What was added before an order that did not know of it; not what came after, nor what is of a line that the order
/// is not about, nor a Set, of which it is told what is left.
#[test]
fn what_an_order_missed_is_told() {
    let hat = || LineKey::sku("HAT").expect("a line");
    let scene = || {
        let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
        add(&mut laptop, 0, 3);
        tell(&laptop, &mut phone);
        phone.add(at(1), &hat(), units(1), None).expect("an add");
        let order = buy(&mut laptop, at(5), "O-1");
        (phone, order)
    };
    let (mut phone, order) = scene();
    add(&mut phone, 1, 2);
    join(&mut phone, &order);
    add(&mut phone, 6, 4);
    assert_eq!(
        told(&phone),
        [
            "HAT: 1, from 1 added on your phone at 10:01.",
            "TEE: 6, from 2 added on your phone at 10:01 and 4 added on your phone at 10:06.",
            "2 added on your phone before your order of 10:05; not part of that order.",
        ]
    );

    let (mut phone, order) = scene();
    set(&mut phone, 1, 5);
    join(&mut phone, &order);
    assert_eq!(shown(&phone), 2);
    assert_eq!(
        told(&phone)[1..],
        [
            "TEE: 2, from 2 of 5 set on your phone at 10:01.",
            "You asked for 5; 3 were ordered (O-1); 2 remain.",
        ]
    );
}

/// The account's Set has seen one of the guest's; the guest's own Set comes late.
#[test]
fn what_the_account_has_already_is_told() {
    let (mut kiosk, mut laptop) = (replica(GUEST, 3), replica(ACCOUNT, 2));
    add(&mut kiosk, 0, 1);
    laptop.merge(at(1), claim(GUEST), rule("sum"), kiosk.cart()).expect("a merge");
    set(&mut laptop, 2, 2);
    set(&mut kiosk, 3, 3);
    laptop.absorb(kiosk.cart()).expect("it is merged");
    assert_eq!(
        told(&laptop),
        [
            "TEE: 4, from 2 set on your laptop at 10:02 and 2 of 3 set on the kiosk in the guest \
             cart at 10:03.",
            "Of 3 set on the kiosk at 10:03, 1 were counted in the account's number already.",
        ]
    );
}

/// Two on the laptop, three in the guest cart, merged at 10:02.
fn merged(policy: &str, loser: LosingUnits) -> Replica {
    let (mut kiosk, mut laptop) = (replica(GUEST, 3), replica(ACCOUNT, 2));
    add(&mut laptop, 0, 2);
    add(&mut kiosk, 1, 3);
    let policy = rule(policy).with_loser(loser);
    laptop.merge(at(2), claim(GUEST), policy, kiosk.cart()).expect("a merge");
    laptop
}

#[test]
fn the_side_that_a_rule_hides_is_told_and_why() {
    let laptop = merged("max", LosingUnits::Hide);
    assert_eq!(
        told(&laptop),
        [
            "TEE: 3, from 3 added on the kiosk in the guest cart at 10:01, merged by max.",
            "2 added on your laptop at 10:00 is not shown, by the rule max, because the larger of \
             the two carts counts.",
        ]
    );
    let (rule, because) =
        (RuleRef::first("max").expect("a rule"), "the larger of the two carts counts".to_owned());
    let kept = Reason::Kept { rule: rule.clone(), because: because.clone() };
    assert_eq!(reasons(&laptop), [kept, Reason::Hidden { rule, because }]);
}

/// A Set that a rule hides is told with the number that was asked for.
#[test]
fn a_set_that_a_rule_hides_is_told() {
    let (mut kiosk, mut laptop) = (replica(GUEST, 3), replica(ACCOUNT, 2));
    set(&mut laptop, 0, 5);
    set(&mut kiosk, 1, 3);
    laptop.merge(at(2), claim(GUEST), rule("max"), kiosk.cart()).expect("a merge");
    assert_eq!(
        told(&laptop),
        [
            "TEE: 5, from 5 set on your laptop at 10:00, merged by max.",
            "3 set on the kiosk in the guest cart at 10:01 is not shown, by the rule max, because \
             the larger of the two carts counts.",
        ]
    );
}

/// What an order bought of a Set and what is left of it, where that is nothing, too.
#[test]
fn a_set_of_which_nothing_is_left_is_told() {
    let (mut phone, mut laptop) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    add(&mut phone, 0, 3);
    tell(&phone, &mut laptop);
    set(&mut laptop, 1, 2);
    join(&mut laptop, &buy(&mut phone, at(5), "O-1"));
    assert_eq!(told(&laptop), ["You asked for 2; 3 were ordered (O-1); 0 remain."]);
}

#[test]
fn the_side_that_is_saved_for_later_is_told() {
    let mut laptop = merged("prefer-account", LosingUnits::SaveForLater);
    assert_eq!(
        told(&laptop),
        [
            "TEE: 2, from 2 added on your laptop at 10:00, merged by prefer-account.",
            "TEE, saved for later: 3, from 3 added on the kiosk in the guest cart at 10:01, merged \
             by prefer-account.",
            "3 added on the kiosk in the guest cart at 10:01 is saved for later: the merge was by \
             the rule prefer-account.",
        ]
    );
    // Who saw it there and moves it is told nothing of that.
    laptop.move_to(at(3), &RowRef::saved(tee()), List::Active).expect("a row to move");
    assert_eq!((shown(&laptop), saved(&laptop)), (5, 0));
}

#[test]
fn a_question_is_asked_of_both_rows() {
    assert_eq!(
        told(&merged("ask", LosingUnits::Hide)),
        [
            "TEE, the account's side: 2, from 2 added on your laptop at 10:00, merged by ask; \
             which of the two do you want to keep?",
            "TEE, the guest's side: 3, from 3 added on the kiosk in the guest cart at 10:01, \
             merged by ask; which of the two do you want to keep?",
        ]
    );
}

/// A rule of somebody's own that gives no reasons has those of its choices.
#[test]
fn a_rule_without_reasons_has_those_of_its_choice() {
    struct Own(Choice);
    impl Rule for Own {
        fn name(&self) -> &str {
            "own"
        }

        fn choose(&self, _: &MergeInput<'_>) -> Choice {
            self.0
        }
    }
    for (choice, says) in [
        (Choice::Both, "both carts count"),
        (Choice::Account, "the account's cart counts"),
        (Choice::Guest, "the guest cart counts"),
        (Choice::Split, "the two are kept apart"),
        (Choice::Ask, "the shopper is asked"),
    ] {
        let rules = Registry::default().with(Own(choice)).expect("a free name");
        let laptop = merged("own", LosingUnits::Hide).with_rules(rules);
        let reasons = reasons(&laptop);
        assert_eq!(reasons.len(), 2, "{choice:?}");
        for reason in reasons {
            let (Reason::Kept { because, .. } | Reason::Hidden { because, .. }) = reason else {
                panic!("{choice:?}: {reason:?}")
            };
            assert_eq!(because, says);
        }
    }
}

/// A rule that is not here decides nothing, and is named.
#[test]
fn a_rule_that_is_not_here_is_told() {
    let laptop = merged("nobody-has-this", LosingUnits::Hide);
    let because = "this replica lacks the rule".to_owned();
    let rule = RuleRef::first("nobody-has-this").expect("a name");
    let kept = Reason::Kept { rule, because };
    assert_eq!(reasons(&laptop), [kept.clone(), kept]);
}

#[test]
fn a_move_is_told_by_where_it_went() {
    let mut phone = replica(ACCOUNT, 1);
    add(&mut phone, 0, 3);
    phone.move_to(at(1), &row(), List::Saved).expect("a row to save");
    assert_eq!(
        told(&phone),
        [
            "TEE, saved for later: 3, from 3 added on your phone at 10:00.",
            "3 added on your phone at 10:00 was saved for later.",
        ]
    );
    assert_eq!(reasons(&phone), [Reason::Moved { to: List::Saved }]);
    phone.set(at(2), &RowRef::saved(tee()), 4, None).expect("a set");
    assert_eq!(told(&phone), ["TEE, saved for later: 4, from 4 set on your phone at 10:02."]);
    phone.move_to(at(3), &RowRef::saved(tee()), List::Active).expect("a row to move");
    assert_eq!(
        told(&phone),
        [
            "TEE: 4, from 4 set on your phone at 10:02.",
            "4 set on your phone at 10:02 was moved to the cart.",
        ]
    );
}

#[test]
fn what_is_over_the_ceiling_is_told() {
    let mut phone = replica(ACCOUNT, 1).with_options(ViewOptions { ceiling: 4 });
    add(&mut phone, 0, 4);
    assert_eq!(told(&phone), ["TEE: 4, from 4 added on your phone at 10:00."]);
    add(&mut phone, 1, 2);
    let row = "TEE: 4, from 4 added on your phone at 10:00 and 2 added on your phone at 10:01, \
               less 2 over the ceiling.";
    assert_eq!(told(&phone), [row]);
}

/// The guest's entries are here before the merge is.
#[test]
fn a_guest_who_is_not_merged_is_told() {
    let (mut kiosk, mut laptop) = (replica(GUEST, 3), replica(ACCOUNT, 2));
    add(&mut kiosk, 1, 3);
    let merge = laptop.merge(at(2), claim(GUEST), rule("sum"), kiosk.cart()).expect("a merge");
    let mut phone = replica(ACCOUNT, 1);
    let of_guest = |part: &Delta| part.live().values().any(|entry| entry.scope == GUEST);
    merge.split().iter().filter(|part| of_guest(part)).for_each(|part| join(&mut phone, part));
    assert_eq!(
        told(&phone),
        ["3 added on the kiosk in the guest cart at 10:01 belongs to a guest cart that is not \
             merged."]
    );
    assert_eq!(shown(&phone), 0);
}

#[test]
fn notices_are_told() {
    let line = || LineKey::sku("TEE").expect("a line");
    let order = |id| OrderId::new(id).expect("an id");
    let currency = |code| Currency::new(code).expect("a currency");
    let rule = RuleRef::first("own").expect("a rule");
    for (notice, says) in [
        (
            Notice::Ceiling { line: line(), asked: 9, shown: 4 },
            "TEE: 9 were asked for, 4 is the most.",
        ),
        (Notice::Question { line: line() }, "TEE: a merge asks which side to keep."),
        (
            Notice::PolicyUnavailable { line: line(), rule },
            "TEE: the rule own v1 of a merge is not here; both sides are shown, and none can be ordered.",
        ),
        (
            Notice::NeedsUpgrade { line: Some(line()) },
            "TEE: a later version wrote what cannot be read here.",
        ),
        (Notice::NeedsUpgrade { line: None }, "A later version wrote what cannot be read here."),
        (
            Notice::ConcurrentOrders {
                orders: vec![order("O-1"), order("O-2")],
                lines: vec![line(), LineKey::sku("HAT").expect("a line")],
            },
            "Orders O-1, O-2 bought the same units of TEE; HAT.",
        ),
        (
            Notice::Currencies { currencies: vec![currency("EUR"), currency("SEK")] },
            "Prices were seen in EUR, SEK: quote again.",
        ),
    ] {
        assert_eq!(notice.to_string(), says);
    }
}

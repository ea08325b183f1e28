//! Sessions, outboxes and waiting rooms: when they are done, and what they say on the way.

use holdall::sync::{Inbox, Message, Outbox, Received, Session, Timing, probe, respond};
use holdall::{ActionError, CartId, Replica};

use super::devices::{ACCOUNT, GUEST, claim, replica, rule, shown, tee, units, with};

/// Sends a session's message and what follows from it to and fro, at one time; says whether anybody raised an alarm.
fn talk(session: &mut Session, phone: &mut Replica, region: &mut Replica, now_ms: u64) -> bool {
    let (mut message, mut alarm) = (session.start(phone, now_ms), false);
    loop {
        assert_eq!(session.deadline(), Some(now_ms + 1_000), "{message:?}");
        assert!(!session.is_quiet());
        let there = respond(region, &message).expect("the same cart");
        let back = there.message.expect("whoever began gets an answer");
        let here = session.handle(phone, &back, now_ms).expect("the same cart");
        alarm |= there.diverged.is_some() || here.diverged.is_some();
        let Some(next) = here.message else { break };
        message = next;
    }
    assert_eq!((session.deadline(), session.is_quiet()), (None, true));
    alarm
}

#[test]
fn a_session_is_over_when_both_are_known_to_have_the_same() {
    let (mut phone, mut region) = (with(ACCOUNT, 1, 3), with(ACCOUNT, 2, 4));
    let mut session = Session::default();
    assert!(session.is_quiet());
    assert!(!talk(&mut session, &mut phone, &mut region, 50), "they had never met");
    assert_eq!((shown(&phone), shown(&region)), (7, 7));
    assert!(!talk(&mut session, &mut phone, &mut region, 60), "they are the same");
}

/// A writer that was cloned wrote two things under one name. Both ends know the same dots then, and it takes two messages more.
#[test]
fn a_session_with_a_cloned_writer_goes_on_until_they_agree_and_raises_an_alarm() {
    let (mut phone, mut region) = (with(ACCOUNT, 1, 3), with(ACCOUNT, 1, 4));
    let mut session = Session::default();
    assert!(talk(&mut session, &mut phone, &mut region, 50));
    assert_eq!(phone.cart(), region.cart());
    assert!(!talk(&mut session, &mut phone, &mut region, 60), "nothing is left of it");
}

#[test]
fn a_session_asks_again_twice_as_late_each_time_up_to_a_limit() {
    let phone = with(ACCOUNT, 1, 3);
    let mut session = Session::new(Timing { first_ms: 10, longest_ms: 65 });
    let first = session.start(&phone, 100);
    assert_eq!(first, probe(&phone));
    let mut now_ms = 100;
    for wait_ms in [10, 20, 40, 65, 65] {
        assert_eq!(session.deadline(), Some(now_ms + wait_ms));
        now_ms += wait_ms;
        assert_eq!(session.handle_timeout(&phone, now_ms - 1), None, "{wait_ms}");
        assert_eq!(session.handle_timeout(&phone, now_ms), Some(probe(&phone)), "{wait_ms}");
    }
}

/// What comes without having been asked for is answered, and opens nothing.
#[test]
fn who_did_not_begin_waits_for_nothing() {
    let (phone, mut region) = (with(ACCOUNT, 1, 3), replica(ACCOUNT, 2));
    let mut session = Session::default();
    let reply = session.handle(&mut region, &probe(&phone), 7).expect("the same cart");
    assert!(matches!(reply.message, Some(Message::Have { .. })), "{reply:?}");
    assert_eq!((session.deadline(), session.is_quiet()), (None, true));
    assert_eq!(session.handle_timeout(&region, u64::MAX), None);
}

#[test]
fn an_outbox_says_how_many_wait() {
    let (mut phone, mut outbox) = (replica(ACCOUNT, 1), Outbox::default());
    assert_eq!((outbox.len(), outbox.is_empty()), (0, true));
    for now in 1..=3 {
        outbox.push(phone.add(now, &tee(), units(1), None).expect("an add"));
        assert_eq!((outbox.len(), outbox.is_empty()), (now as usize, false));
    }
    assert_eq!(outbox.acknowledge(&phone.cart().have()), 3);
    assert_eq!((outbox.len(), outbox.is_empty()), (0, true));
}

#[test]
fn a_waiting_room_says_whether_anything_changed() {
    let (mut phone, mut region) = (replica(ACCOUNT, 1), replica(ACCOUNT, 2));
    let mut inbox = Inbox::default();
    let delta = phone.add(1, &tee(), units(1), None).expect("an add");
    for changed in [true, false] {
        let received = inbox.receive(&mut region, delta.clone()).expect("room");
        let Received::Joined { joined, released } = received else { panic!("{received:?}") };
        assert_eq!((joined.changed, released), (changed, 0));
    }
}

/// A claim is for one guest cart, and no cart is its own guest.
#[test]
fn a_merge_is_of_the_cart_that_was_claimed() {
    let mut phone = replica(ACCOUNT, 1);
    let other = with(CartId::from_u128(77), 2, 3);
    let own = with(ACCOUNT, 3, 1);
    let of_itself = holdall::Claim { guest: ACCOUNT, ..claim(GUEST) };
    for (claim, cart) in [(claim(GUEST), other.cart()), (of_itself, own.cart())] {
        let refused = phone.merge(2, claim, rule("sum"), cart);
        assert!(matches!(refused, Err(ActionError::OtherCart { .. })), "{refused:?}");
    }
    assert!(phone.cart().context().is_empty());
}

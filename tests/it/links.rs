//! Links: what both ends remember of each other, how much of it, and for how long.

use holdall::cart::{Body, Entry};
use holdall::dots::Dots;
use holdall::wire::{Broken, LinkReceiver, LinkSender};
use holdall::{CartId, Delta, Dot, LineKey, Money, Quantity, ReplicaId, Time, limits};

use super::devices::{ACCOUNT, replica, row, tee, units};
use super::samples::{content, seal};

/// In a frame's first byte: that both ends forget what they know, first.
const RESET: u8 = 0b1000_0000;

/// Adds of lines that nobody has named before, each with a price that nobody has seen.
fn news(from: u64, to: u64) -> Delta {
    let add = |at: u64| {
        let dot = Dot::new(ReplicaId::from_u128(7), at + 1);
        let line = LineKey::sku(&format!("SKU-{at:06}")).expect("a SKU");
        let price = Money::parse(&format!("{at}.00"), "EUR").expect("a price");
        let body = Body::Add { quantity: Quantity::ONE, sided: false };
        let (time, scope, after) = (Time::from_ms(at), ACCOUNT, [].into());
        (dot, Entry { time, scope, seen_merges: after, line: Some(line), price: Some(price), body })
    };
    let none = Dots::default;
    Delta::new(ACCOUNT, (from..to).map(add), none(), none()).expect("a delta")
}

/// With one writer, a row for a line and one for its price, of each entry. Both ends forget when there are more than the limit,
/// and not before; a frame that says otherwise is refused.
#[test]
fn both_ends_of_a_long_link_forget_together_and_no_sooner() {
    let limit = limits::LINK_ROWS as u64;
    let (mut sender, mut receiver) = (LinkSender::new(ACCOUNT), LinkReceiver::new(ACCOUNT));
    let mut rows = 1;
    // The writer, and as many pairs as leave one row less than the limit; a consent more has no rows.
    let whole = (limit - 1) / 2;
    for (from, to) in
        [(0, whole), (whole, whole + 1), (whole + 1, whole + 2), (whole + 2, whole + 3)]
    {
        let full = rows > limit;
        if full {
            rows = 1;
        }
        let delta = news(from, to);
        let frame = sender.encode(&delta);
        assert_eq!(frame[0] & RESET != 0, full, "{rows} rows and {from}..{to}");
        let mut otherwise = content(&frame).to_vec();
        otherwise[0] ^= RESET;
        let refused = receiver.clone().decode(&seal(&otherwise)).map_err(|error| error.broken);
        assert_eq!(refused, Err(Broken::NotCanonical), "{rows} rows");
        assert_eq!(receiver.decode(&frame).as_ref(), Ok(&delta), "{rows} rows");
        rows += 2 * (to - from);
    }
    assert!(rows < limit, "nothing was forgotten");
    // What was forgotten is said again, and what was not is not.
    let lengths = [0, whole + 1].map(|at| {
        let frame = sender.encode(&news(at, at + 1));
        receiver.decode(&frame).expect("a frame");
        frame.len()
    });
    assert!(lengths[0] > lengths[1] + 8, "{lengths:?}");
}

/// A number is written as a step from the last that was said of its writer, that of a removal too.
#[test]
fn a_removal_is_a_number_that_was_said() {
    let (mut phone, mut sender) = (replica(ACCOUNT, 1), LinkSender::new(ACCOUNT));
    let mut receiver = LinkReceiver::new(ACCOUNT);
    let mut lengths = Vec::new();
    for now in 0..40 {
        let add = phone.add(2 * now, &tee(), units(1), None).expect("an add");
        let frame = sender.encode(&add);
        assert_eq!(receiver.decode(&frame), Ok(add));
        lengths.push(frame.len());
        for again in 0..20 {
            let removal = phone.remove(2 * now, &row()).expect("a removal");
            assert_eq!(receiver.decode(&sender.encode(&removal)), Ok(removal));
            if again < 19 {
                let add = phone.add(2 * now, &tee(), units(1), None).expect("an add");
                assert_eq!(receiver.decode(&sender.encode(&add)), Ok(add));
            }
        }
    }
    // However many numbers there were before, an Add after a removal is a step of two.
    assert_eq!(lengths[1..].iter().min(), lengths[1..].iter().max(), "{lengths:?}");
}

#[test]
fn a_frame_of_another_size_or_cart_is_refused() {
    let broken =
        |bytes: &[u8]| LinkReceiver::new(ACCOUNT).decode(bytes).map_err(|error| error.broken);
    assert_eq!(broken(&vec![0; limits::MESSAGE_BYTES]), Err(Broken::Checksum));
    assert_eq!(broken(&vec![0; limits::MESSAGE_BYTES + 1]), Err(Broken::TooLarge));
    assert_eq!(broken(&[0; 3]), Err(Broken::Truncated));
    let frame = LinkSender::new(ACCOUNT).encode(&news(0, 1));
    let longer = seal(&[content(&frame), &[0]].concat());
    assert_eq!(broken(&longer), Err(Broken::Trailing));
    let of_another =
        std::panic::catch_unwind(|| LinkSender::new(CartId::from_u128(99)).encode(&news(0, 1)));
    assert!(of_another.is_err(), "a link is about one cart");
}

/// What a log shows of an end: how far it is, and nothing of anybody's cart.
#[test]
fn an_end_says_how_far_it_is() {
    let (mut sender, mut receiver) = (LinkSender::new(ACCOUNT), LinkReceiver::new(ACCOUNT));
    for at in 0..3 {
        receiver.decode(&sender.encode(&news(at, at + 1))).expect("a frame");
    }
    assert_eq!(format!("{sender:?}"), "LinkSender { frames: 3, .. }");
    assert_eq!(format!("{receiver:?}"), "LinkReceiver { frames: 3, .. }");
}

/// A count is not believed before what is counted is there.
#[test]
fn hostile_numbers_in_a_frame_are_refused() {
    let frame = LinkSender::new(ACCOUNT).encode(&news(0, 3));
    let content = content(&frame);
    for at in 2..content.len() {
        for large in
            [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]]
        {
            let changed = [&content[..at], large, &content[at + 1..]].concat();
            let read = LinkReceiver::new(ACCOUNT).decode(&seal(&changed));
            if let Ok(delta) = read {
                assert_eq!(LinkSender::new(ACCOUNT).encode(&delta), seal(&changed), "{at}");
            }
        }
    }
}

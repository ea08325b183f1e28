//! Many clients at once, each command sent several times.

use std::sync::Mutex;

use futures_lite::future::block_on;
use holdall_authority::{AuthoritySettings, Rate, Request};

use super::{NOW_MS, Shop, add, quantity};

/// The idempotency storm: 64 clients on a few carts, two processes, each command 1 to 5 times, in any order, over both.
#[test]
fn q_sixty_four_clients_that_send_everything_several_times_get_what_they_meant() {
    const CLIENTS: usize = 64;
    const COMMANDS: u128 = 6;
    let free = Rate { burst: u32::MAX, per_minute: u32::MAX };
    let settings =
        AuthoritySettings { device_rate: free, shopper_rate: free, ..AuthoritySettings::default() };
    let shop = Shop::with(settings);
    let other = shop.second();
    let carts: Vec<_> = (0..4).map(|_| shop.guest()).collect();
    let meant = Mutex::new(vec![0_u64; carts.len()]);
    let seed =
        std::env::var("HOLDALL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1_u64);
    println!("HOLDALL_SEED={seed}");
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (shop, other, carts, meant) = (&shop, &other, &carts, &meant);
            scope.spawn(move || {
                let mut state = seed * 7_919 + client as u64 + 1;
                let mut draw = |below: u64| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 33) % below
                };
                let mut sends = Vec::new();
                for number in 0..COMMANDS {
                    let (cart, units) = (draw(4) as usize, draw(5) as u32 + 1);
                    meant.lock().expect("no panic")[cart] += u64::from(units);
                    let key = (client as u128) << 64 | number;
                    let times = draw(5) + 1;
                    (0..times)
                        .for_each(|_| sends.push((cart, Request::new(key, add("TEE", units)))));
                }
                // Any order: the retries overtake and fall behind.
                for at in (1..sends.len()).rev() {
                    sends.swap(at, draw(at as u64 + 1) as usize);
                }
                for (cart, request) in sends {
                    let at = if draw(2) == 0 { shop } else { other };
                    let guest = &carts[cart];
                    loop {
                        let caller = guest.token.into();
                        let sent = at.authority.submit(NOW_MS, &caller, guest.cart, &request);
                        match block_on(sent) {
                            Ok(_) => break,
                            // The other process was quicker, too often.
                            Err(refusal) => assert_eq!(refusal.kind(), "busy", "{refusal}"),
                        }
                    }
                }
            });
        }
    });
    let meant = meant.into_inner().expect("no panic");
    for (guest, meant) in carts.iter().zip(meant) {
        for process in [&shop, &other] {
            let shown = process.read(guest.token, guest.cart).expect("the cart");
            assert_eq!(quantity(&shown, "TEE"), meant);
        }
    }
}

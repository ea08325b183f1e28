//! A million carts in memory at once, with the shapes of real invoices: bytes each, and joins a
//! second on one thread and on two.
//!
//! `cargo bench --bench scale -- PATH [CARTS [bytes|carts]]`, with a copy of UCI Online Retail (CSV,
//! perhaps packed with zstd). Figures: `docs/internals/entries.md`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use holdall::{
    Cart, CartId, Currency, Delta, LineKey, Money, Quantity, Replica, ReplicaId, Time, wire,
};

type Failure = Box<dyn std::error::Error>;

const CARTS: usize = 1_000_000;
const FORMS: [&str; 2] = ["bytes", "carts"];
const START_MS: u64 = 1_290_000_000_000;
/// Neighbours in memory are not neighbours in time: a step that visits all, far apart.
const STEP: usize = 7_919_317;

/// An invoice as a cart, and what two devices add to it.
struct Shape {
    cart: Vec<u8>,
    deltas: [Delta; 2],
    lines: usize,
}

fn main() -> ExitCode {
    // Cargo hands its own `--bench` to every bench.
    let mut given = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(path) = given.next() else {
        println!("scale: give the path of a copy of UCI Online Retail to run this");
        return ExitCode::SUCCESS;
    };
    let carts = given.next().map_or(Ok(CARTS), |carts| carts.parse());
    let form = given.next();
    let run = |carts| match form.as_deref() {
        None => each_form(&path, carts),
        Some(form) => run(Path::new(&path), carts, form),
    };
    match carts.map_err(Failure::from).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scale: {error}");
            ExitCode::FAILURE
        }
    }
}

/// In a process of its own for each: what one gives back the next would be given again, and not be counted.
fn each_form(path: &str, carts: usize) -> Result<(), Failure> {
    for form in FORMS {
        let own = std::env::current_exe()?;
        let ended = Command::new(own).args([path, &carts.to_string(), form]).status()?;
        if !ended.success() {
            return Err(format!("as {form}: {ended}").into());
        }
    }
    Ok(())
}

fn run(path: &Path, carts: usize, form: &str) -> Result<(), Failure> {
    let shapes = shapes(path)?;
    match form {
        "bytes" => as_bytes(&shapes, carts),
        "carts" => as_carts(&shapes, carts),
        _ => Err(format!("{form}: a form is one of {FORMS:?}").into()),
    }
}

fn as_bytes(shapes: &[Shape], carts: usize) -> Result<(), Failure> {
    let all = |of: fn(&Shape) -> usize| shapes.iter().map(of).sum::<usize>() as f64;
    let (invoices, lines) = (shapes.len() as f64, all(|shape| shape.lines));
    let stored = all(|shape| shape.cart.len()) / invoices;
    println!(
        "{invoices} invoices, {:.1} lines each, {stored:.0} bytes stored each",
        lines / invoices
    );
    let packed: Vec<Box<[u8]>> = made("bytes", shapes, carts, |bytes| Ok(bytes.into()))?;
    for threads in [1, 2] {
        let mut packed = packed.clone();
        let joins = |at: usize, bytes: &mut Box<[u8]>| {
            let mut cart = wire::decode_cart(bytes).expect("a cart");
            let _ = cart.join(&shapes[at % shapes.len()].deltas[0]).expect("the same cart");
            *bytes = wire::encode_cart(&cart).into();
        };
        joined("loaded, joined and saved", &mut packed, threads, &joins);
    }
    Ok(())
}

fn as_carts(shapes: &[Shape], carts: usize) -> Result<(), Failure> {
    let mut live = made("carts", shapes, carts, |bytes| Ok(wire::decode_cart(bytes)?))?;
    for threads in [1, 2] {
        let joins = |at: usize, cart: &mut Cart| {
            let delta = &shapes[at % shapes.len()].deltas[threads - 1];
            assert!(cart.join(delta).expect("the same cart").changed);
        };
        joined("joined", &mut live, threads, &joins);
    }
    Ok(())
}

/// So many, each from its bytes. What they take is told of the second half: the first is given memory again that reading the
/// file has left.
fn made<T>(
    form: &str,
    shapes: &[Shape],
    carts: usize,
    make: impl Fn(&[u8]) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let began = Instant::now();
    let half = carts / 2;
    let mut all = Vec::with_capacity(carts);
    let mut before = resident()?;
    for at in 0..carts {
        if at == half {
            before = resident()?;
        }
        all.push(make(&shapes[at % shapes.len()].cart)?);
    }
    let (bytes, seconds) = (resident()? - before, began.elapsed().as_secs_f64());
    let each = bytes / (carts - half).max(1);
    println!("{carts} as {form}: {each} bytes each, made in {seconds:.1} s");
    Ok(all)
}

/// Does something to each of many, by so many threads, far apart in memory from one to the next.
fn joined<T: Send>(
    what: &str,
    all: &mut [T],
    threads: usize,
    join: &(impl Fn(usize, &mut T) + Sync),
) {
    let (carts, each) = (all.len(), all.len().div_ceil(threads));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for (part, carts) in all.chunks_mut(each).enumerate() {
            scope.spawn(move || {
                let mut at = 0;
                for _ in 0..carts.len() {
                    at = (at + STEP) % carts.len();
                    join(part * each + at, &mut carts[at]);
                }
            });
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    println!("{what} on {threads} threads: {:.0} a second", carts as f64 / seconds);
}

/// Bytes of memory this process has, by Linux.
fn resident() -> Result<usize, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.ok_or("no VmRSS in /proc/self/status")?.parse::<usize>()? * 1024)
}

fn shapes(path: &Path) -> Result<Vec<Shape>, Failure> {
    let file = File::open(path)?;
    let mut table = csv::Reader::from_reader(holdall_replay::unpack(file)?);
    let header = table.headers()?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|other| other == name);
        found.ok_or_else(|| Failure::from(format!("no column {name}: is this Online Retail?")))
    };
    let (invoice, product) = (column("InvoiceNo")?, column("StockCode")?);
    let (quantity, price) = (column("Quantity")?, column("UnitPrice")?);
    let mut invoices: BTreeMap<String, Vec<(String, i64, String)>> = BTreeMap::new();
    for row in table.records() {
        let row = row?;
        let text = |at: usize| row.get(at).unwrap_or_default().trim().to_owned();
        let units = text(quantity).parse().unwrap_or_default();
        if units > 0 && !text(product).is_empty() {
            invoices.entry(text(invoice)).or_default().push((text(product), units, text(price)));
        }
    }
    invoices.into_values().enumerate().map(|(at, rows)| shape(at as u128, &rows)).collect()
}

fn shape(at: u128, rows: &[(String, i64, String)]) -> Result<Shape, Failure> {
    let id = |kind: u128| (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) ^ kind;
    let cart = CartId::from_u128(id(1));
    let mut shopper = Replica::new(cart, ReplicaId::from_u128(id(2)));
    let pounds = Currency::new("GBP")?;
    let mut now_ms = START_MS;
    let price = |text: &str| {
        let pence = (text.parse::<f64>().ok()? * 100.0).round();
        Money::from_parts(pence.max(0.0) as u64, 2, pounds).ok()
    };
    for (product, units, seen) in rows {
        now_ms += 7_000;
        let units = Quantity::new((*units).min(1_000_000))?;
        shopper.add(now_ms, &LineKey::sku(product)?, units, price(seen))?;
    }
    let (first, _, seen) = &rows[0];
    let first = LineKey::sku(first)?;
    let device = |kind: u128| -> Result<Delta, Failure> {
        let writer = ReplicaId::from_u128(id(kind));
        let mut device = Replica::resume(writer, Time::default(), shopper.cart().clone());
        Ok(device.add(now_ms + 60_000, &first, Quantity::ONE, price(seen))?)
    };
    let lines = shopper.cart().lines().count();
    let deltas = [device(3)?, device(4)?];
    Ok(Shape { cart: wire::encode_cart(shopper.cart()), deltas, lines })
}

//! A cart service in sixty lines: an authority over the store on this machine's disk; lines in, JSON out.
//! `cargo run --example embed` reads its own input; `cargo run --example embed 127.0.0.1:7000` listens there.
//!
//! `open` gives a guest's cart and token; then `add CART TOKEN KEY SKU N` and `show CART TOKEN`. KEY is a
//! number that the client draws: the same line again is the same request.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::SystemTime;

use futures_lite::future::block_on;
use holdall::{Action, LineKey, Quantity, RowRef};
use holdall_authority::{Authority, AuthoritySettings, GuestToken, Request};
use holdall_store::EmbeddedStore;

async fn answer(shop: &Authority, line: &str) -> Result<String, Box<dyn Error>> {
    let now_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as u64;
    let shown = match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["open"] => {
            let guest = shop.open_guest(now_ms).await?;
            return Ok(format!("{} {}", guest.cart, guest.token.reveal()));
        }
        ["add", cart, token, key, sku, quantity] => {
            let row = RowRef::active(LineKey::sku(sku)?);
            let quantity = Quantity::new(quantity.parse::<u32>()?)?;
            let request = Request::new(key.parse()?, Action::Add { row, quantity, price: None });
            let token: GuestToken = token.parse()?;
            shop.submit(now_ms, &token.into(), cart.parse()?, &request).await?.snapshot
        }
        ["show", cart, token] => {
            shop.read(&token.parse::<GuestToken>()?.into(), cart.parse()?).await?
        }
        _ => return Err("open | add CART TOKEN KEY SKU N | show CART TOKEN".into()),
    };
    Ok(serde_json::to_string(&shown)?)
}

fn serve(shop: &Authority, input: impl BufRead, mut out: impl Write) -> io::Result<()> {
    for line in input.lines() {
        let said = block_on(answer(shop, &line?)).unwrap_or_else(|why| format!("error: {why}"));
        writeln!(out, "{said}")?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join("holdall-embed");
    let store = EmbeddedStore::open(folder, uuid::Uuid::new_v4().as_u128())?;
    let shop = Arc::new(Authority::new(Arc::new(store), AuthoritySettings::default()));
    if let Some(address) = std::env::args().nth(1) {
        for stream in TcpListener::bind(address)?.incoming() {
            let (shop, stream) = (shop.clone(), stream?);
            let input = BufReader::new(stream.try_clone()?);
            std::thread::spawn(move || serve(&shop, input, stream));
        }
    }
    serve(&shop, io::stdin().lock(), io::stdout())?;
    Ok(block_on(shop.close())?) // what was answered is on the disk
}

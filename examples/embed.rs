//! A cart service in sixty lines: an authority over the store on this machine's disk, lines over TCP in,
//! JSON out. `cargo run --example embed` talks to itself and ends; with an address it stays:
//! `cargo run --example embed 127.0.0.1:7000`, then `nc 127.0.0.1 7000`.
//!
//! `open` gives a guest's cart and token; then `add CART TOKEN KEY SKU N` and `show CART TOKEN`. KEY is a number
//! that the client draws: the same line again is the same request.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::SystemTime;

use futures_lite::future::block_on;
use holdall::authority::{Authority, Command, GuestToken, Request, Settings};
use holdall::store::EmbeddedStore;
use holdall::{LineKey, RowRef};

type Answer = Result<String, Box<dyn Error>>;

fn now_ms() -> Result<u64, Box<dyn Error>> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as u64)
}

async fn answer(shop: &Authority, line: &str) -> Answer {
    let words: Vec<&str> = line.split_whitespace().collect();
    let shown = match words[..] {
        ["open"] => {
            let guest = shop.open_guest(now_ms()?).await?;
            return Ok(format!("{} {}", guest.cart, guest.token.reveal()));
        }
        ["add", cart, token, key, sku, quantity] => {
            let (row, quantity) = (RowRef::active(LineKey::sku(sku)?), quantity.parse()?);
            let request = Request::new(key.parse()?, Command::Add { row, quantity, price: None });
            let token: GuestToken = token.parse()?;
            shop.submit(now_ms()?, &token.into(), cart.parse()?, &request).await?.shown
        }
        ["show", cart, token] => {
            shop.read(&token.parse::<GuestToken>()?.into(), cart.parse()?).await?
        }
        _ => return Err("open | add CART TOKEN KEY SKU N | show CART TOKEN".into()),
    };
    Ok(serde_json::to_string(&shown)?)
}

fn serve(shop: &Authority, stream: TcpStream) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let said = block_on(answer(shop, &line?)).unwrap_or_else(|why| format!("error: {why}"));
        writeln!(out, "{said}")?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("holdall-embed-{}", std::process::id()));
    // The store's incarnation, if it is made now: 128 random bits.
    let mut fresh = [0; 16];
    getrandom::fill(&mut fresh)?;
    let store = EmbeddedStore::open(&folder, u128::from_be_bytes(fresh))?;
    let shop = Arc::new(Authority::new(Arc::new(store), Settings::default()));
    let Some(address) = std::env::args().nth(1) else { return talk(&shop, &folder) };
    for stream in TcpListener::bind(address)?.incoming() {
        let (shop, stream) = (shop.clone(), stream?);
        std::thread::spawn(move || serve(&shop, stream));
    }
    Ok(())
}

/// What a client would say: an add whose answer is lost, and that is sent again.
fn talk(shop: &Authority, folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let opened = block_on(answer(shop, "open"))?;
    for line in
        [format!("add {opened} 7 TEE 2"), format!("add {opened} 7 TEE 2"), format!("show {opened}")]
    {
        println!("{}", block_on(answer(shop, &line))?);
    }
    block_on(shop.close())?;
    Ok(std::fs::remove_dir_all(folder)?)
}

//! Views in a real Redis: it may be flushed, killed, slow or fed with nonsense, and no read shows what is old.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use holdall::CartId;
use holdall_store::cached::redis;
use holdall_store::conformance::{Opener, Work, certify, certify_view_cache};
use holdall_store::{
    Append, Appended, Class, Compaction, Erased, Idle, Loaded, Logged, MemoryStore, RedisViewCache,
    RedisViewOptions, Reply, Slot, SlotOutcome, SlotValue, Store, StoreError, ViewKeeper,
};
use tokio::runtime::Runtime;

use super::{Leased, Server, alone, say, shared};

const CART: CartId = CartId::from_u128(77);

/// A store whose carts are erased and removed with their views in Redis.
#[derive(Debug)]
struct Cached {
    store: Arc<MemoryStore>,
    cache: Arc<RedisViewCache>,
    views: ViewKeeper,
}

impl Cached {
    fn new(store: MemoryStore, client: redis::Client, options: RedisViewOptions) -> Self {
        let (store, cache) = (Arc::new(store), Arc::new(RedisViewCache::new(client, options)));
        let views = ViewKeeper::new(store.clone(), cache.clone());
        Self { store, cache, views }
    }

    fn counts(&self) -> holdall_store::CacheCounts {
        self.cache.counts()
    }

    async fn view(&self, cart: CartId, revision: u64) -> Option<Vec<u8>> {
        self.views.get(cart, revision).await
    }

    async fn keep_view(&self, cart: CartId, revision: u64, view: Vec<u8>) {
        self.views.put(cart, revision, view).await.expect("the store answers");
    }
}

impl Store for Cached {
    fn incarnation(&self) -> u128 {
        self.store.incarnation()
    }

    fn is_durable(&self) -> bool {
        self.store.is_durable()
    }

    fn load(&self, cart: CartId) -> Reply<'_, Option<Loaded>> {
        self.store.load(cart)
    }

    fn revision(&self, cart: CartId) -> Reply<'_, Option<u64>> {
        self.store.revision(cart)
    }

    fn append(&self, append: Append) -> Reply<'_, Appended> {
        self.store.append(append)
    }

    fn slot(&self, slot: Slot) -> Reply<'_, Option<SlotValue>> {
        self.store.slot(slot)
    }

    fn compare_and_set(
        &self,
        slot: Slot,
        expected: Option<u64>,
        value: Option<Vec<u8>>,
    ) -> Reply<'_, SlotOutcome> {
        self.store.compare_and_set(slot, expected, value)
    }

    fn idle(&self, class: Class, before_ms: u64, limit: usize) -> Reply<'_, Vec<Idle>> {
        self.store.idle(class, before_ms, limit)
    }

    fn carts(&self, after: Option<CartId>, limit: usize) -> Reply<'_, Vec<CartId>> {
        self.store.carts(after, limit)
    }

    fn log(&self, cart: CartId, after: u64, limit: usize) -> Reply<'_, Vec<Logged>> {
        self.store.log(cart, after, limit)
    }

    fn base_state(&self, cart: CartId) -> Reply<'_, Option<(u64, Vec<u8>)>> {
        self.store.base_state(cart)
    }

    fn compact(&self, compaction: Compaction) -> Reply<'_, u64> {
        self.store.compact(compaction)
    }

    fn remove(&self, cart: CartId, revision: u64) -> Reply<'_, bool> {
        Box::pin(self.views.remove(cart, revision))
    }

    fn erase(&self, cart: CartId, marker: Vec<u8>, at_ms: u64) -> Reply<'_, Erased> {
        Box::pin(self.views.erase(cart, marker, at_ms))
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let closed = self.store.close().await;
            self.views.close();
            closed
        })
    }
}

struct Redis {
    server: Leased,
    runtime: Runtime,
}

/// Waits that a machine under load keeps, too.
fn patient() -> RedisViewOptions {
    let (answer, connect) = (Duration::from_secs(5), Duration::from_secs(5));
    RedisViewOptions {
        answer,
        connect,
        pause: Duration::from_millis(50),
        ..RedisViewOptions::default()
    }
}

fn hasty() -> RedisViewOptions {
    let (answer, connect) = (Duration::from_millis(20), Duration::from_millis(200));
    RedisViewOptions { answer, connect, ..patient() }
}

impl Redis {
    fn new(server: Leased) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
        Self { server, runtime }
    }

    fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn client(&self) -> redis::Client {
        redis::Client::open(self.server.url.as_str()).expect("the server's address")
    }

    /// A cache over a new store, whose incarnation nobody else has.
    fn cached(&self, options: RedisViewOptions) -> Cached {
        let incarnation = u128::from(fastrand::u64(..)) << 64 | u128::from(fastrand::u64(..));
        Cached::new(MemoryStore::new(incarnation), self.client(), options)
    }

    /// A cache that has its connection.
    fn connected(&self, options: RedisViewOptions) -> Cached {
        let cached = self.cached(options);
        self.run(connect(&cached));
        cached
    }

    /// One command, by a client of the test's own.
    fn tell(&self, words: &[&str]) {
        self.run(tell(&self.client(), words));
    }
}

async fn tell(client: &redis::Client, words: &[&str]) {
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    let _: redis::Value = command.query_async(&mut connection).await.expect("an answer");
}

/// Asks until the cache answers at all.
async fn connect(cached: &Cached) {
    let began = Instant::now();
    loop {
        let before = cached.counts().misses;
        let nobody = CartId::from_u128(u128::MAX);
        assert_eq!(cached.view(nobody, 1).await, None);
        if cached.counts().misses > before {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it does not connect");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Opener for Redis {
    fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(self.cached(patient())))
    }

    fn block_on(&self, work: Work<'_>) {
        self.run(work);
    }
}

fn append(cart: CartId, expected: u64, delta: &[u8]) -> Append {
    Append::new(cart, expected, 1, Class::Guest).with_delta(delta.to_vec())
}

async fn done(store: &dyn Store, cart: CartId, expected: u64) {
    let told = store.append(append(cart, expected, b"d")).await.expect("appended");
    assert_eq!(told, Appended::Done { revision: expected + 1 });
}

#[test]
fn a_cached_store_keeps_the_contract() {
    let Some(server) = shared(Server::Redis, "a_cached_store_keeps_the_contract") else { return };
    let redis = Redis::new(server);
    let report = certify(&redis);
    println!("{report}");
    let cache = redis.connected(patient()).cache;
    redis.run(certify_view_cache(&*cache));
}

#[test]
fn a_store_behind_a_dead_cache_keeps_the_contract() {
    struct Dead(Runtime);
    impl Opener for Dead {
        fn create(&self) -> Result<Arc<dyn Store>, StoreError> {
            let client = redis::Client::open("redis://127.0.0.1:9/0").expect("an address");
            let store = MemoryStore::new(u128::from(fastrand::u64(..)));
            Ok(Arc::new(Cached::new(store, client, RedisViewOptions::default())))
        }
        fn block_on(&self, work: Work<'_>) {
            self.0.block_on(work);
        }
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    certify(&Dead(runtime.expect("a runtime")));
}

#[test]
fn a_view_is_for_its_revision_alone() {
    let Some(server) = shared(Server::Redis, "a_view_is_for_its_revision_alone") else { return };
    let redis = Redis::new(server);
    let cached = redis.connected(patient());
    redis.run(async {
        done(&cached, CART, 0).await;
        cached.keep_view(CART, 1, b"one".to_vec()).await;
        assert_eq!(cached.view(CART, 1).await, Some(b"one".to_vec()));
        done(&cached, CART, 1).await;
        assert_eq!(cached.view(CART, 2).await, None);
        cached.keep_view(CART, 2, b"two".to_vec()).await;
        assert_eq!(cached.view(CART, 2).await, Some(b"two".to_vec()));
        assert_eq!(cached.view(CART, 1).await, None);
        // Who comes late with an old view does not have it kept.
        cached.keep_view(CART, 1, b"late".to_vec()).await;
        assert_eq!(cached.view(CART, 1).await, None);
        let counts = cached.counts();
        assert_eq!((counts.hits, counts.stale, counts.damaged, counts.failed), (2, 2, 0, 0));
        // Another store's cart of the same id, in the same Redis.
        let other = redis.cached(patient());
        connect(&other).await;
        assert_eq!(other.view(CART, 2).await, None);
    });
}

#[test]
fn a_view_ends_with_its_time() {
    let Some(server) = shared(Server::Redis, "a_view_ends_with_its_time") else { return };
    let redis = Redis::new(server);
    let short = RedisViewOptions { keep: Duration::from_millis(300), ..patient() };
    let cached = redis.connected(short);
    redis.run(async {
        done(&cached, CART, 0).await;
        let began = Instant::now();
        cached.keep_view(CART, 1, b"one".to_vec()).await;
        let seen = cached.view(CART, 1).await;
        assert!(seen.is_some() || began.elapsed() > Duration::from_millis(300));
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(cached.view(CART, 1).await, None);
    });
}

async fn keys(client: &redis::Client, of: &Cached) -> Vec<String> {
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let pattern = format!("*:{:032x}:*", of.incarnation());
    redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.expect("keys")
}

#[test]
fn erasing_and_removing_delete_the_view() {
    let Some(server) = shared(Server::Redis, "erasing_and_removing_delete_the_view") else {
        return;
    };
    let redis = Redis::new(server);
    let cached = redis.connected(patient());
    redis.run(async {
        for erases in [true, false] {
            let cart = CartId::from_u128(u128::from(erases) + 1);
            done(&cached, cart, 0).await;
            cached.keep_view(cart, 1, b"one".to_vec()).await;
            assert_eq!(keys(&redis.client(), &cached).await.len(), 1);
            if erases {
                cached.erase(cart, Vec::new(), 2).await.expect("erased");
            } else {
                assert!(cached.remove(cart, 1).await.expect("removed"));
            }
            assert_eq!(keys(&redis.client(), &cached).await, Vec::<String>::new());
            // A reader who had loaded it before.
            cached.keep_view(cart, 1, b"one".to_vec()).await;
            assert_eq!(keys(&redis.client(), &cached).await, Vec::<String>::new());
        }
        assert_eq!(cached.counts().owed, 0);
    });
}

#[test]
fn an_erasure_while_redis_is_down_is_made_good() {
    let test = "an_erasure_while_redis_is_down_is_made_good";
    let Some(server) = alone(Server::Redis, test) else { return };
    let redis = Redis::new(server);
    redis.server.tell("stop", &[]);
    // It keeps what it had, as the worst cache would.
    redis.server.tell("start", &["appendonly=yes", "appendfsync=always"]);
    let hasty = RedisViewOptions { connect: Duration::from_millis(300), ..patient() };
    let cached = redis.connected(hasty);
    redis.run(async {
        done(&cached, CART, 0).await;
        cached.keep_view(CART, 1, b"one".to_vec()).await;
    });
    redis.server.tell("kill", &[]);
    redis.run(async {
        let erased = cached.erase(CART, Vec::new(), 2).await.expect("the store has done it");
        assert_eq!(erased.appends, 1);
        assert_eq!(cached.counts().owed, 1);
        assert_eq!(cached.revision(CART).await.expect("a revision"), Some(2));
    });
    redis.server.tell("start", &["appendonly=yes", "appendfsync=always"]);
    redis.run(async {
        assert_eq!(keys(&redis.client(), &cached).await.len(), 1, "it came back with the old view");
        connect(&cached).await;
        assert_eq!(keys(&redis.client(), &cached).await, Vec::<String>::new());
        assert_eq!(cached.counts().owed, 0);
    });
    redis.server.tell("stop", &[]);
    redis.server.tell("start", &[]);
}

#[test]
fn nonsense_in_the_cache_is_no_view() {
    let Some(server) = shared(Server::Redis, "nonsense_in_the_cache_is_no_view") else { return };
    let redis = Redis::new(server);
    let cached = redis.connected(patient());
    redis.run(async {
        let other = CartId::from_u128(78);
        done(&cached, CART, 0).await;
        done(&cached, other, 0).await;
        cached.keep_view(other, 1, b"of another".to_vec()).await;
        cached.keep_view(CART, 1, b"one".to_vec()).await;
        let client = redis.client();
        let mut connection = client.get_multiplexed_async_connection().await.expect("connected");
        let keys = keys(&client, &cached).await;
        let key = keys.iter().find(|key| key.ends_with(&format!("{:x}", CART.as_u128())));
        let key = key.expect("its key").clone();
        let theirs = keys.iter().find(|one| **one != key).expect("the other's").clone();
        let good: Vec<u8> =
            redis::cmd("GET").arg(&key).query_async(&mut connection).await.expect("bytes");
        let theirs: Vec<u8> =
            redis::cmd("GET").arg(&theirs).query_async(&mut connection).await.expect("bytes");
        let mut spoiled: Vec<Vec<u8>> = vec![theirs, Vec::new(), vec![0; 4_000], b"one".to_vec()];
        spoiled.extend((0..good.len()).map(|cut| good[..cut].to_vec()));
        spoiled.extend((0..good.len() * 8).map(|bit| {
            let mut flipped = good.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            flipped
        }));
        for bytes in &spoiled {
            let mut set = redis::cmd("SET");
            let () = set.arg(&key).arg(bytes).query_async(&mut connection).await.expect("set");
            assert_eq!(cached.view(CART, 1).await, None, "{bytes:?}");
        }
        assert_eq!(cached.counts().damaged, spoiled.len() as u64);
        let () = redis::cmd("DEL").arg(&key).query_async(&mut connection).await.expect("deleted");
        let mut push = redis::cmd("RPUSH");
        let () = push.arg(&key).arg("a list").query_async(&mut connection).await.expect("pushed");
        assert_eq!(cached.view(CART, 1).await, None);
        // The key alone is bad; the next view is found without a pause.
        cached.keep_view(CART, 1, b"anew".to_vec()).await;
        assert_eq!(cached.view(CART, 1).await, Some(b"anew".to_vec()));
    });
}

#[test]
fn a_dead_cache_costs_a_reader_little() {
    let Some(server) = alone(Server::Redis, "a_dead_cache_costs_a_reader_little") else { return };
    let redis = Redis::new(server);
    let cached = redis.connected(RedisViewOptions { pause: Duration::from_millis(200), ..hasty() });
    redis.run(done(&cached, CART, 0));
    let reads = |reads: u32| {
        let began = Instant::now();
        redis.run(async {
            for _ in 0..reads {
                assert_eq!(cached.view(CART, 1).await, None);
            }
        });
        began.elapsed()
    };
    redis.server.tell("kill", &[]);
    let killed = reads(2_000);
    redis.server.tell("start", &[]);
    redis.run(connect(&cached));
    // Alive, and silent: every command waits on it.
    redis.tell(&["CLIENT", "PAUSE", "1500", "ALL"]);
    let paused = reads(2_000);
    say(&format!("2,000 reads: {killed:?} with Redis killed, {paused:?} with Redis silent"));
    // One wait for an answer, then none. The rest is the machine's.
    assert!(killed < Duration::from_millis(1_000) && paused < Duration::from_millis(1_000));
    assert!(cached.counts().skipped > 3_000, "{:?}", cached.counts());
    redis.run(async {
        tokio::time::sleep(Duration::from_millis(1_600)).await;
        connect(&cached).await;
        cached.keep_view(CART, 1, b"back".to_vec()).await;
    });
}

/// What a view of these tests says: the last delta, which nobody writes twice.
fn render(delta: &[u8]) -> Vec<u8> {
    [b"view of ", delta].concat()
}

/// The last revision that was acknowledged, for each cart.
type Acknowledged = HashMap<CartId, AtomicU64>;

async fn write(store: Arc<Cached>, cart: CartId, known: Arc<Acknowledged>, stop: Arc<AtomicBool>) {
    let mut revision = 0;
    while !stop.load(Ordering::Relaxed) {
        let delta =
            [cart.as_u128().to_be_bytes().to_vec(), u64::to_be_bytes(revision + 1).to_vec()];
        let told = store.append(append(cart, revision, &delta.concat())).await.expect("appended");
        revision += 1;
        assert_eq!(told, Appended::Done { revision });
        known[&cart].store(revision, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_micros(fastrand::u64(0..3_000))).await;
    }
}

async fn read(
    store: Arc<Cached>,
    carts: Vec<CartId>,
    known: Arc<Acknowledged>,
    stop: Arc<AtomicBool>,
) -> u64 {
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        let cart = carts[fastrand::usize(..carts.len())];
        let before = known[&cart].load(Ordering::SeqCst);
        let Some(revision) = store.revision(cart).await.expect("a revision") else { continue };
        assert!(revision >= before, "cart {cart}: {revision} after {before} was acknowledged");
        let mut wanted = cart.as_u128().to_be_bytes().to_vec();
        wanted.extend(revision.to_be_bytes());
        match store.view(cart, revision).await {
            Some(view) => assert_eq!(view, render(&wanted), "cart {cart} at {revision}"),
            None => {
                let loaded = store.load(cart).await.expect("loaded").expect("it is there");
                let view = render(loaded.tail.last().expect("a delta"));
                store.keep_view(cart, loaded.revision, view).await;
            }
        }
        reads += 1;
        if reads % 16 == 0 {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
    reads
}

#[test]
fn no_read_shows_an_older_revision_whatever_befalls_the_cache() {
    let test = "no_read_shows_an_older_revision_whatever_befalls_the_cache";
    let Some(server) = alone(Server::Redis, test) else { return };
    let redis = Redis::new(server);
    redis.server.tell("stop", &[]);
    redis.server.tell("start", &["appendonly=yes"]);
    let store = Arc::new(redis.connected(hasty()));
    let carts: Vec<CartId> = (1..=8).map(CartId::from_u128).collect();
    let known: Arc<Acknowledged> =
        Arc::new(carts.iter().map(|cart| (*cart, AtomicU64::new(0))).collect());
    let stop = Arc::new(AtomicBool::new(false));
    let seed = fastrand::u64(..);
    say(&format!("seed {seed}"));
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut writers = Vec::new();
    for cart in &carts {
        let (known, stop) = (Arc::clone(&known), Arc::clone(&stop));
        writers.push(redis.runtime.spawn(write(Arc::clone(&store), *cart, known, stop)));
    }
    let mut readers = Vec::new();
    for _ in 0..6 {
        let (known, stop) = (Arc::clone(&known), Arc::clone(&stop));
        readers.push(redis.runtime.spawn(read(Arc::clone(&store), carts.clone(), known, stop)));
    }
    let done: Mutex<HashMap<&str, u32>> = Mutex::default();
    let befalls = |what: &'static str| *done.lock().expect("counts").entry(what).or_default() += 1;
    for round in 0..40 {
        std::thread::sleep(Duration::from_millis(chance.u64(20..150)));
        match if round < 5 { round } else { chance.u64(0..5) } {
            0 => {
                befalls("flushed");
                redis.tell(&["FLUSHALL"]);
            }
            1 => {
                befalls("killed, back with what it wrote to disk");
                redis.server.tell("kill", &[]);
                std::thread::sleep(Duration::from_millis(chance.u64(0..100)));
                redis.server.tell("start", &["appendonly=yes"]);
            }
            2 => {
                befalls("silent");
                redis.tell(&["CLIENT", "PAUSE", "120", "ALL"]);
            }
            3 => {
                befalls("asleep");
                redis.tell(&["DEBUG", "SLEEP", "0.1"]);
            }
            _ => {
                befalls("views exchanged and spoiled");
                let client = redis.client();
                redis.run(async {
                    let keys = keys(&client, &store).await;
                    let mut to =
                        client.get_multiplexed_async_connection().await.expect("connected");
                    for pair in keys.windows(2) {
                        let copied = redis::cmd("COPY")
                            .arg(&pair[0])
                            .arg(&pair[1])
                            .arg("REPLACE")
                            .query_async::<redis::Value>(&mut to)
                            .await;
                        copied.expect("copied");
                    }
                    for key in keys.iter().step_by(2) {
                        let spoiled = redis::cmd("SETRANGE")
                            .arg(key)
                            .arg(chance.u64(0..60))
                            .arg("x")
                            .query_async::<redis::Value>(&mut to)
                            .await;
                        spoiled.expect("spoiled");
                    }
                });
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut reads = 0;
    for writer in writers {
        redis.run(writer).expect("no panic");
    }
    for reader in readers {
        reads += redis.run(reader).expect("no panic");
    }
    let appends: u64 = known.values().map(|revision| revision.load(Ordering::SeqCst)).sum();
    let counts = store.counts();
    say(&format!(
        "{reads} reads and {appends} appends; {:?}; {counts:?}",
        done.lock().expect("counts")
    ));
    assert!(counts.hits > 100 && counts.stale > 100 && counts.skipped > 100, "{counts:?}");
    assert!(counts.damaged > 0 && counts.failed > 0, "{counts:?}");
    redis.server.tell("stop", &[]);
    redis.server.tell("start", &[]);
}

/// One process renders a cart. Another, which has nothing in memory, answers from the cache: to whom
/// the cart belongs, and to nobody else.
#[test]
fn a_process_with_nothing_at_hand_answers_from_the_cache() {
    use holdall::{Action, CartId, LineKey, Quantity, RowRef};
    use holdall_authority::{Authority, AuthoritySettings, Caller, Refusal, Request, ViewReading};
    let name = "a_process_with_nothing_at_hand_answers_from_the_cache";
    let Some(server) = shared(Server::Redis, name) else { return };
    let redis = Redis::new(server);
    let cached = Arc::new(redis.connected(patient()));
    let process = || {
        let authority = Authority::new(cached.store.clone(), AuthoritySettings::default());
        authority.with_view_cache(cached.cache.clone())
    };
    // Reads as an embedder does, which gives what it rendered to the cache.
    async fn read(
        process: &Authority,
        caller: &Caller,
        cart: CartId,
        form: &str,
    ) -> Result<String, Refusal> {
        match process.read_view(caller, cart, form).await? {
            ViewReading::Cached { view, .. } => Ok(String::from_utf8(view).expect("text")),
            ViewReading::Snapshot { snapshot, uncached } => {
                let text = format!("{snapshot:?}");
                if let Some(uncached) = uncached {
                    process.cache_view(uncached, text.as_bytes()).await?;
                }
                Ok(text)
            }
        }
    }
    redis.run(async {
        let (first, second, third) = (process(), process(), process());
        let guest = first.open_guest(1).await.expect("a guest cart");
        let (caller, cart) = (guest.token.into(), guest.cart);
        let other = first.open_guest(1).await.expect("another").token.into();
        let row = RowRef::active(LineKey::sku("TEE").expect("a SKU"));
        let quantity = Quantity::new(2).expect("a quantity");
        let request = Request::new(1, Action::Add { row, quantity, price: None });
        first.submit(1, &caller, cart, &request).await.expect("an add");
        let hits = || cached.counts().hits;
        let here = read(&second, &caller, cart, "text").await.expect("from the store");
        assert_eq!(hits(), 0);
        let there = read(&third, &caller, cart, "text").await.expect("from the cache");
        assert_eq!((hits(), &there), (1, &here));
        let stranger = read(&process(), &other, cart, "text").await;
        assert_eq!(stranger.expect_err("refused").kind(), "not-yours");
        read(&process(), &caller, cart, "other").await.expect("from the store");
        // A process with the cart in memory does not ask the cache.
        let before = hits();
        read(&second, &caller, cart, "text").await.expect("from memory");
        assert_eq!(hits(), before);
        // Erased, it is answered by nobody.
        first.erase_guest(2, &caller, cart).await.expect("erased");
        for process in [first, second, third, process()] {
            let erased = read(&process, &caller, cart, "text").await;
            assert_eq!(erased.expect_err("refused").kind(), "erased");
        }
    });
}

//! A program without `std` that uses every stratum of the pure part.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};

use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, wire};

/// Gives no memory: what counts here is that this links.
struct NoMemory;

unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
pub extern "C" fn run() -> usize {
    let mut replica = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
    let Ok(tee) = LineKey::sku("TEE") else { return 0 };
    let _ = replica.add(0, &tee, Quantity::ONE, None);
    let bytes = wire::encode_message(&holdall::sync::probe(&replica));
    let view = bincode::encode_to_vec(replica.view(), bincode::config::standard());
    let view = view.map_or(0, |bytes| bytes.len());
    view + bytes.len() + replica.view().lines.len() + replica.explain().len()
}

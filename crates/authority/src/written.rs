//! Carts as they are shown: written out once for each revision, and then only handed on.

use std::sync::Arc;

use super::Authority;
use super::caller::{Caller, Principal};
use super::cart_cache::LoadedCart;
use super::commit::Answer;
use super::outcome::{Shown, Written};
use super::ownership::Ownership;
use super::refusal::Refusal;
use super::sheet::{Before, Earlier, Places, Sheet};
use holdall::id::{CartId, LineKey};
use holdall::sabotage;
use holdall::view::View;

/// A form in which carts are written out for those who show them: JSON, a page.
///
/// ```
/// use std::sync::Arc;
/// use holdall_authority::{Authority, Form, Request, Settings};
/// use holdall_store::MemoryStore;
/// use holdall::{Action, LineKey, List, Quantity, RowRef};
///
/// const LISTED: Form = Form {
///     name: "listed 1",
///     write: |shown, sheet| {
///         sheet.put(format!("{}: ", shown.revision).as_bytes());
///         // Asked for rows that are not as they were when the cart was written out before.
///         sheet.rows(List::Active, b", ", |row, text| {
///             text.extend(format!("{} {}", row.quantity, row.line).bytes());
///         });
///     },
/// };
/// # futures_lite::future::block_on(async {
/// let authority = Authority::new(Arc::new(MemoryStore::new(7)), Settings::default());
/// let now_ms = 1_700_000_000_000;
/// let guest = authority.open_guest(now_ms).await?;
/// for (key, sku) in [(1, "TEE"), (2, "MUG")] {
///     let row = RowRef::active(LineKey::sku(sku)?);
///     let add = Request::new(key, Action::Add { row, quantity: Quantity::new(2)?, price: None });
///     authority.submit_written(now_ms, &guest.token.into(), guest.cart, &add, &LISTED).await?;
/// }
/// let written = authority.written(&guest.token.into(), guest.cart, &LISTED).await?;
/// assert_eq!(&*written.bytes, b"3: 2 MUG, 2 TEE");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Its name, and another one whenever the form changes: what is kept under one name has one form.
    pub name: &'static str,
    /// Writes a cart out. What it writes hangs on nothing else, and that of a row on the row alone.
    pub write: fn(&Shown, &mut Sheet<'_>),
}

impl Form {
    /// A cart written out.
    #[must_use]
    pub fn written(&self, shown: &Shown) -> Written {
        self.over(shown, None).0
    }

    /// Writes a cart out, over what it was when it was written out before, if it was.
    fn over(&self, shown: &Shown, earlier: Option<Earlier<'_>>) -> (Written, Places) {
        let mut sheet = Sheet::of(shown, earlier);
        (self.write)(shown, &mut sheet);
        (Written { revision: shown.revision, bytes: sheet.bytes.into() }, sheet.places)
    }
}

/// A command is answered with the cart written out, and so is whoever reads it next.
impl Answer for Form {
    type Told = Written;

    fn now(&self, caller: &Caller, resident: &mut LoadedCart, added: Option<&LineKey>) -> Written {
        resident.write(caller, self, added)
    }

    fn then(&self, shown: Shown) -> Written {
        self.written(&shown)
    }
}

/// What was written out of a cart, and who was last seen to be admitted to it.
#[derive(Debug)]
pub(super) struct Kept {
    form: &'static str,
    written: Written,
    /// What it showed, and where that is in what was written.
    view: View,
    places: Places,
    admitted: Option<Principal>,
}

impl LoadedCart {
    /// What was written out of the cart as it is, if somebody asks who was let in before.
    fn kept(&self, caller: &Caller, form: &Form) -> Option<Written> {
        let kept = self.kept.as_ref()?;
        let is_it = kept.form == form.name
            && sabotage!(
                "kept-form-outlives-revision",
                kept.written.revision == self.revision,
                true
            );
        // Whose cart it is may change with a revision alone.
        let is_in = kept.admitted.as_ref() == Some(&caller.principal);
        let usable = sabotage!("kept-form-goes-to-anybody", is_it && is_in, is_it);
        usable.then(|| kept.written.clone())
    }

    /// Writes the cart out, or has it from before, for somebody who has been admitted. `added`: the line of an Add that is all that has come since
    /// the revision before this one.
    fn write(&mut self, caller: &Caller, form: &Form, added: Option<&LineKey>) -> Written {
        let before = self.kept.take().filter(|kept| kept.form == form.name);
        let (written, view, places) = match before {
            Some(kept) if kept.written.revision == self.revision => {
                (kept.written, kept.view, kept.places)
            }
            before => self.written_over(form, before, added),
        };
        // A guest cart opens to an account by its claim, which is no part of the cart.
        let by_header = match &caller.principal {
            Principal::Guest(_) | Principal::Staff(_) | Principal::Server => true,
            Principal::Account(_) => !self.header.is_guest(),
        };
        let admitted = by_header.then(|| caller.principal.clone());
        let form = form.name;
        self.kept = Some(Kept { form, written: written.clone(), view, places, admitted });
        written
    }

    fn written_over(
        &self,
        form: &Form,
        before: Option<Kept>,
        added: Option<&LineKey>,
    ) -> (Written, View, Places) {
        let (cart, revision) = (self.cart().id(), self.revision);
        let Some(Kept { written, mut view, places, .. }) = before else {
            let shown = super::commit::shown(self);
            let (written, places) = form.over(&shown, None);
            return (written, shown.view, places);
        };
        let since = sabotage!("add-is-shown-over-old-view", written.revision + 1 == revision, true);
        let added = added.filter(|line| since && self.replica.add_to_view(&mut view, line));
        let (shown, showed) = match added {
            Some(line) => (Shown { cart, revision, view }, Before::But(line)),
            None => (super::commit::shown(self), Before::View(&view)),
        };
        let earlier = Earlier { showed, text: &written.bytes, places: &places };
        let (written, places) = form.over(&shown, Some(earlier));
        (written, shown.view, places)
    }
}

impl Authority {
    /// A cart as [`read`](Self::read) has it, written out in a form. As long as the cart stays as it is and at hand, that is done
    /// once. A cart that is not at hand may come from the cache of views, if the store has one.
    ///
    /// # Errors
    /// As with [`read`](Self::read).
    pub async fn written(
        &self,
        caller: &Caller,
        cart: CartId,
        form: &Form,
    ) -> Result<Written, Refusal> {
        let place = self.residents.seat(cart);
        let mut seat = place.lock().await;
        let now = self.store.revision(cart).await?;
        let now = now.ok_or(Refusal::NotYours { cart })?;
        if seat.as_ref().is_some_and(|resident| resident.revision != now) {
            *seat = None;
        }
        let at_hand = seat.is_some();
        if let Some(resident) = &*seat {
            if let Some(written) = resident.kept(caller, form) {
                return Ok(written);
            }
        } else if let Some(view) = self.views.get(cart, now).await
            && let Some((header, bytes)) = opened(cart, form, &view)
        {
            let claimed_by = self.claimed_by(caller, cart, &header).await?;
            header.admit(cart, caller, caller.principal(cart), claimed_by)?;
            return Ok(Written { revision: now, bytes });
        }
        let mut resident = self.at_hand(&mut seat, cart).await?;
        let admitted = self.admit(caller, &mut resident).await;
        let written = admitted.map(|()| resident.write(caller, form, None));
        let view = written
            .as_ref()
            .ok()
            .filter(|_| !at_hand)
            .map(|written| sealed(&resident, form, written));
        *seat = Some(resident);
        let written = written?;
        if let Some(view) = view {
            self.views.put(cart, written.revision, view).await?;
        }
        Ok(written)
    }
}

/// What a cache keeps: the form's name and the cart's header, each with its length, and what was written.
fn sealed(resident: &LoadedCart, form: &Form, written: &Written) -> Vec<u8> {
    let header = resident.header.encode();
    let mut view = Vec::with_capacity(form.name.len() + header.len() + written.bytes.len() + 8);
    for part in [form.name.as_bytes(), &header] {
        // Both are far shorter.
        view.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        view.extend(part);
    }
    view.extend(&*written.bytes);
    view
}

/// The header and what was written, if a cache kept it in this form.
fn opened(cart: CartId, form: &Form, view: &[u8]) -> Option<(Ownership, Arc<[u8]>)> {
    let (name, rest) = part(view)?;
    let (header, bytes) = part(rest)?;
    let header = (name == form.name.as_bytes()).then(|| Ownership::decode(cart, header).ok())?;
    Some((header?, bytes.into()))
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

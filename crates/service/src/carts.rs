//! Carts and their lines.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::http::header::{ETAG, LOCATION};
use axum::response::{IntoResponse, Response};
use blake3::hazmat::hash_derive_key_context;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::authenticated::Authenticated;
use super::cart_answer::CartAnswer;
use super::cart_body::CartBody;
use super::cart_json::FORM;
use super::command::CommandSender;
use super::conditions::{CommandFields, KeyContext, KnownTags, ReadFields, derived_key};
use super::entity_tag::EntityTag;
use super::explain_json::{DeviceNames, ExplainedBody, explained_body};
use super::extract::{CartPath, JsonBody, LinePath, ListQuery, PathParams, QueryParams};
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::schema::{AddBody, MoveBody, PatchBody, SetBody};
use super::service::Service;
use holdall::action::Action;
use holdall::cart::List;
use holdall::id::{AttributeKey, CartId, Text};
use holdall::limits;
use holdall::quantity::Quantity;
use holdall::replica::ActionError;
use holdall::view::{Row, RowRef};
use holdall_authority::{Refusal, ViewReading};

/// A new guest cart.
#[derive(Serialize, ToSchema)]
struct OpenedBody {
    #[serde(flatten)]
    shown: CartBody,
    /// The secret token of the cart, for `Authorization: Bearer`. No other answer contains it.
    token: String,
}

/// Opens a guest cart. Carts that stay empty are removed after a while, so a client that lost the
/// answer can repeat the request.
#[utoipa::path(
    post,
    path = "/carts",
    tag = "carts",
    security(()),
    responses(
        (
            status = 201,
            description = "A cart, and the token that opens it",
            body = OpenedBody,
            headers(
                ("ETag" = String, description = "The cart's version"),
                ("Location" = String, description = "The cart"),
            ),
        ),
    ),
)]
pub(super) async fn open(service: Service) -> Result<Response, Problem> {
    let opened = service.authority().open_guest(service.now_ms()).await?;
    let shown = service.authority().read(&opened.token.into(), opened.cart).await?;
    let location = [(LOCATION, format!("/carts/{}", opened.cart))];
    let cart = CartBody::from(shown);
    let etag = [(ETAG, cart.tag.to_header())];
    let body = OpenedBody { shown: cart, token: opened.token.reveal() };
    Ok((StatusCode::CREATED, location, etag, axum::Json(body)).into_response())
}

/// Returns the cart as its shopper sees it.
#[utoipa::path(
    get,
    path = "/carts/{cart}",
    tag = "carts",
    params(CartPath, ReadFields),
    responses(
        (
            status = 200,
            description = "The cart",
            body = CartBody,
            headers(("ETag" = String, description = "The cart's version")),
        ),
        (status = 304, description = "The cart is unchanged"),
    ),
)]
pub(super) async fn read(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    known: KnownTags,
) -> Result<Response, Problem> {
    let authority = service.authority();
    let reading = authority.read_view(&caller.0, cart, FORM).await;
    if let Err(Refusal::Erased) = reading {
        // Another process may have erased the cart.
        service.rendered_carts().forget(cart);
    }
    let (tag, json) = match reading? {
        ViewReading::Cached { revision, view } => {
            (EntityTag::new(revision, service.incarnation()), view.into())
        }
        ViewReading::Snapshot { snapshot, uncached } => {
            let rendered = service.rendered_carts().render(&snapshot);
            if let Some(uncached) = uncached {
                authority.cache_view(uncached, &rendered.json).await?;
            }
            (rendered.tag(), rendered.json.clone())
        }
    };
    if known.contain(tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag.to_header())]).into_response());
    }
    Ok(CartAnswer::new(tag, json).into_response())
}

/// Adds units of a line to the active list.
#[utoipa::path(
    post,
    path = "/carts/{cart}/lines",
    tag = "lines",
    params(CartPath, CommandFields),
    request_body = AddBody,
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
pub(super) async fn add(
    by: CommandSender,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    JsonBody(body): JsonBody<AddBody>,
) -> Result<CartAnswer, Problem> {
    let row = RowRef::active(body.line()?);
    let quantity = Quantity::new(body.quantity).map_err(ActionError::from)?;
    let price = body.seen_price.as_ref().map(|price| price.money()).transpose()?;
    let action = Action::Add { row, quantity, price };
    by.send(cart, action).await
}

/// Removes all lines of a list.
#[utoipa::path(
    delete,
    path = "/carts/{cart}/lines",
    tag = "lines",
    params(CartPath, ListQuery, CommandFields),
    responses((status = 200, description = "The cart without the lines", body = CartBody)),
)]
pub(super) async fn clear(
    by: CommandSender,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    QueryParams(ListQuery { list }): QueryParams<ListQuery>,
) -> Result<CartAnswer, Problem> {
    by.send(cart, Action::Clear { list }).await
}

/// Sets the quantity of a line, which need not be in the cart yet.
#[utoipa::path(
    put,
    path = "/carts/{cart}/lines/{line}",
    tag = "lines",
    params(LinePath, ListQuery, CommandFields),
    request_body = SetBody,
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
pub(super) async fn set(
    by: CommandSender,
    PathParams(LinePath { cart, line }): PathParams<LinePath>,
    QueryParams(ListQuery { list }): QueryParams<ListQuery>,
    JsonBody(body): JsonBody<SetBody>,
) -> Result<CartAnswer, Problem> {
    let price = body.seen_price.as_ref().map(|price| price.money()).transpose()?;
    let action = Action::Set { row: line.row(list), quantity: body.quantity, price };
    by.send(cart, action).await
}

/// Removes a line.
#[utoipa::path(
    delete,
    path = "/carts/{cart}/lines/{line}",
    tag = "lines",
    params(LinePath, ListQuery, CommandFields),
    responses((status = 200, description = "The cart after the change", body = CartBody)),
)]
pub(super) async fn remove(
    by: CommandSender,
    PathParams(LinePath { cart, line }): PathParams<LinePath>,
    QueryParams(ListQuery { list }): QueryParams<ListQuery>,
) -> Result<CartAnswer, Problem> {
    let action = Action::Remove { row: line.row(list) };
    by.send(cart, action).await
}

/// Moves a line to the other list: saves it for later, or returns it to the active list.
#[utoipa::path(
    post,
    path = "/carts/{cart}/lines/{line}/move",
    tag = "lines",
    params(LinePath, CommandFields),
    request_body = MoveBody,
    responses((status = 200, description = "The cart after the move", body = CartBody)),
)]
pub(super) async fn move_to(
    by: CommandSender,
    PathParams(LinePath { cart, line }): PathParams<LinePath>,
    JsonBody(MoveBody { to }): JsonBody<MoveBody>,
) -> Result<CartAnswer, Problem> {
    let action = Action::Move { row: line.row(List::from(to).other()) };
    by.send(cart, action).await
}

static STEP: KeyContext =
    KeyContext::new(|| hash_derive_key_context("holdall step of a request v1"));

/// Changes the note, the gift option and other attributes of a line.
///
/// Each named field is one action, in this order. If one is refused, the earlier ones stay;
/// repeating the request continues from there.
#[utoipa::path(
    patch,
    path = "/carts/{cart}/lines/{line}",
    tag = "lines",
    params(LinePath, ListQuery, CommandFields),
    request_body = PatchBody,
    responses((status = 200, description = "The cart after the changes", body = CartBody)),
)]
pub(super) async fn patch(
    by: CommandSender,
    PathParams(LinePath { cart, line }): PathParams<LinePath>,
    QueryParams(ListQuery { list }): QueryParams<ListQuery>,
    JsonBody(body): JsonBody<PatchBody>,
) -> Result<CartAnswer, Problem> {
    // Translate the named fields to actions.
    let row = line.row(list);
    let mut actions = Vec::new();
    if let Some(note) = body.note {
        let text = note.map(Text::new).transpose()?;
        actions.push(Action::Note { row: row.clone(), text });
    }
    if let Some(gift) = body.gift {
        let gift = gift.map(|gift| gift.gift()).transpose()?;
        actions.push(Action::Gift { row: row.clone(), gift });
    }
    if body.attributes.len() > limits::OPTIONS {
        let detail = format!("more than {} attributes in one request", limits::OPTIONS);
        return Err(Problem::new(ProblemType::Limit, detail));
    }
    for (key, value) in body.attributes {
        let (key, value) = (AttributeKey::new(key)?, value.map(Text::new).transpose()?);
        actions.push(Action::Attribute { row: row.clone(), key, value });
    }

    // Carry the actions out, each under a key derived from the request's own.
    let (mut by, mut done) = (by, None);
    let whole = by.on.key;
    for (step, action) in actions.into_iter().enumerate() {
        by.on.key = whole.map(|key| {
            let of = [&key.to_be_bytes()[..], &step.to_be_bytes()].concat();
            derived_key(&STEP, &of)
        });
        let accepted = by.submit(cart, action).await?;
        by.on.only_at = by.on.only_at.map(|_| accepted.snapshot.revision);
        done = Some(accepted);
    }
    match done {
        Some(accepted) => Ok(accepted.into()),
        // An empty request changes nothing, but its condition and its line are checked.
        None => {
            let shown = by.service.authority().read(&by.caller.0, cart).await?;
            if by.on.only_at.is_some_and(|at| at != shown.revision) {
                return Err(Refusal::Changed { now: Box::new(shown) }.into());
            }
            let rows = match row.list {
                List::Active => &shown.view.lines,
                List::Saved => &shown.view.saved,
            };
            let is_it =
                |it: &Row| it.line == row.line && (row.side.is_none() || it.side == row.side);
            if !rows.iter().any(is_it) {
                return Err(ActionError::UnknownRow { line: row.line }.into());
            }
            Ok(shown.into())
        }
    }
}

/// The query with names of devices.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceNamesQuery {
    /// The names of devices: `UUID~name`, separated by commas. Other devices are named by the start
    /// of their writer's id.
    #[serde(default)]
    #[param(
        value_type = String,
        required = false,
        pattern = r"^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}~[^,\x00-\x1f\x7f-\x9f]{1,16}(,|$))*$",
    )]
    devices: Option<String>,
}

/// Explains each line of the cart: its contributions, and how much of each counts.
#[utoipa::path(
    get,
    path = "/carts/{cart}/explain",
    tag = "carts",
    params(CartPath, DeviceNamesQuery),
    responses(
        (status = 200, description = "The explanations of the lines", body = Vec<ExplainedBody>),
    ),
)]
pub(super) async fn explain(
    service: Service,
    caller: Authenticated,
    PathParams(CartPath { cart }): PathParams<CartPath>,
    QueryParams(DeviceNamesQuery { devices }): QueryParams<DeviceNamesQuery>,
) -> Result<axum::Json<Vec<ExplainedBody>>, Problem> {
    // Parse the names of devices.
    let named = |text: &str| -> Option<(u128, String)> {
        let (device, name) = text.split_once('~')?;
        let device = Uuid::parse_str(device).ok()?.as_u128();
        let fits = name.len() <= limits::DEVICE_NAME_BYTES && !name.contains(char::is_control);
        fits.then(|| (device, name.to_owned()))
    };
    let malformed = || {
        Problem::new(
            ProblemType::Malformed,
            "devices: not a list of UUID~name, separated by commas",
        )
    };
    let texts = devices.iter().flat_map(|devices| devices.split(','));
    let devices: Option<Vec<_>> = texts.filter(|text| !text.is_empty()).map(named).collect();
    let devices = devices.ok_or_else(malformed)?;
    let all = service.authority().explain(&caller.0, cart).await?;

    // A device has one writer in this cart, and one in each guest cart that was merged into it.
    let guests = all.iter().flat_map(|line| {
        let shown = line.rows.iter().flat_map(|row| &row.parts);
        shown.chain(&line.hidden).filter_map(|part| part.guest)
    });
    let carts: BTreeSet<CartId> = guests.chain([cart]).collect();
    let writers = carts.iter().flat_map(|cart| {
        let writer = |device: &(u128, String)| {
            (service.authority().writer(*cart, device.0), device.1.clone())
        };
        devices.iter().map(writer).collect::<Vec<_>>()
    });
    let names = DeviceNames(writers.collect());
    Ok(axum::Json(all.iter().map(|one| explained_body(one, &names)).collect()))
}

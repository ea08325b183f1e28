//! The description of the interface, in OpenAPI 3.1, from the code.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::problem::ProblemDetails;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "holdall",
        description = "Shopping carts of guests and accounts. The answer to a command is the whole \
                       cart. The answer to a failed request is problem details (RFC 9457) whose \
                       `type` is stable."
    ),
    components(schemas(ProblemDetails)),
    modifiers(&CommonResponses),
    tags(
        (name = "carts", description = "Carts of guests and accounts"),
        (name = "lines", description = "Lines of carts"),
        (name = "intents", description = "Coupons, shipping, notes"),
        (name = "accounts", description = "Signing in, and erasure"),
        (name = "checkout", description = "Checkouts and orders"),
        (name = "replicas", description = "Clients that keep a replica"),
        (name = "operations", description = "For operators"),
    )
)]
pub(super) struct ApiDescription;

const BEARER: &str = "bearer";

/// The parts of the description that hold for every call: authentication, and failures.
pub(super) struct CommonResponses;

impl Modify for CommonResponses {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        api.components.get_or_insert_with(Components::new).add_security_scheme(BEARER, scheme);
        api.security = Some(vec![SecurityRequirement::new(BEARER, [""; 0])]);
        let problem = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
        let response = ResponseBuilder::new()
            .description("The problem, and advice how to solve it")
            .content("application/problem+json", problem)
            .build();
        for item in api.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
            for operation in operations.into_iter().flatten() {
                let all = &mut operation.responses.responses;
                all.insert("4XX".to_owned(), RefOr::T(response.clone()));
                all.insert("5XX".to_owned(), RefOr::T(response.clone()));
            }
        }
    }
}

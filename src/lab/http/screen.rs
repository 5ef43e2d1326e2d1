//! `/screen?id=vm-42`: the picture of a console.

use std::sync::Arc;

use axum::extract::{RawQuery, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::screen::{self, NoPicture, Want};
use super::{Shared, plain, session};

/// Answers with a PNG, or 401, 403, 404.
pub async fn handle(Extract(shared): Extract<Arc<Shared>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let (id, want) = read(&query);
    let picture = {
        let mut state = shared.lock();
        let Some(session) = session(&mut state, &headers) else {
            return plain(StatusCode::UNAUTHORIZED, "not logged in");
        };
        if !session.account.may("VirtualMachine.Interact.ConsoleInteract") {
            return plain(StatusCode::FORBIDDEN, "VirtualMachine.Interact.ConsoleInteract is missing");
        }
        state.world.tick();
        screen::picture(&state.world, &id, want)
    };
    match picture {
        Ok(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Err(NoPicture::Gone) => plain(StatusCode::NOT_FOUND, "no such virtual machine"),
        Err(NoPicture::Off) => plain(StatusCode::NOT_FOUND, "the virtual machine is not powered on"),
    }
}

fn read(query: &str) -> (String, Want) {
    let (mut id, mut want) = (String::new(), Want::default());
    let (mut left, mut top, mut right, mut bottom) = (0, 0, u32::MAX, u32::MAX);
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let number = value.parse::<u32>().ok();
        match key.as_ref() {
            "id" => id = value.into_owned(),
            "width" | "w" => want.width = number,
            "height" | "h" => want.height = number,
            "left" => left = number.unwrap_or(left),
            "top" => top = number.unwrap_or(top),
            "right" => right = number.unwrap_or(right),
            "bottom" => bottom = number.unwrap_or(bottom),
            _ => {}
        }
    }
    if (left, top, right, bottom) != (0, 0, u32::MAX, u32::MAX) {
        want.cut = Some((left, top, right, bottom));
    }
    (id, want)
}

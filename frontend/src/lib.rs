//! The entry point of the WebAssembly half: hands the page that the server wrote over to [`app::App`].

/// Called once by the script in the page's head.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}

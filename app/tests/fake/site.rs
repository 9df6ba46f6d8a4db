//! The whole dashboard over the ports in memory, behind the same router as in the real program.

use super::{Fake, FakeSession, actor};
use app::ports::{RequestInfo, Session};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use domain::role::Role;
use leptos::prelude::*;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use std::{
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Duration,
};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// One runtime for all tests: tasks that draw a page are shared between threads and must outlive each test.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// Listed once: while routes are being listed no page of the whole process loads its data, and one that begins
/// in that moment would never end.
fn routes() -> Vec<AxumRouteListing> {
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    ROUTES.get_or_init(|| generate_route_list(app::App)).clone()
}

/// The paths of all pages, as the router knows them.
pub fn paths() -> Vec<String> {
    routes().iter().map(|route| route.path().to_owned()).collect()
}

/// Shown on pages that could not load.
pub const REQUEST: &str = "req_018f3c510000700080000000000002bc";

/// The dashboard and what stands behind it.
pub struct Site {
    pub fake: Arc<Fake>,
    pub session: Arc<FakeSession>,
    router: Router,
}

/// What a visitor gets.
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub html: String,
}

impl Site {
    /// With somebody of `role` signed in, or nobody.
    pub fn new(fake: Arc<Fake>, role: Option<Role>) -> Self {
        let session = Arc::new(FakeSession::default());
        session.0.store(role.is_some(), Ordering::Relaxed);
        let context = context(fake.clone(), session.clone(), role.unwrap_or(Role::Owner));
        let router = router(context);
        Self { fake, session, router }
    }

    /// Pages, server functions and the 404 page.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Opens a page like a browser without JavaScript.
    pub fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty());
        runtime().block_on(self.ask(request.unwrap()))
    }

    /// Sends a form like a browser without JavaScript, from `page`.
    pub fn post(&self, page: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html")
            .header(header::REFERER, format!("http://tidegate.example{page}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        runtime().block_on(self.ask(request.unwrap()))
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let path = request.uri().to_string();
        let answer =
            tokio::time::timeout(Duration::from_secs(20), self.router.clone().oneshot(request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{path} did not answer")).unwrap();
        let location =
            answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
        let (status, location) = (answer.status().as_u16(), location.to_owned());
        let bytes = to_bytes(answer.into_body(), 4 << 20).await.unwrap();
        Answer { status, location, html: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

/// One closure for pages, server functions and the 404 page.
fn context(
    fake: Arc<Fake>,
    session: Arc<FakeSession>,
    role: Role,
) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        provide_context(fake.ports());
        provide_context(session.0.load(Ordering::Relaxed).then(|| actor(role)));
        provide_context(Session(session.clone()));
        provide_context(RequestInfo { id: REQUEST.into(), client: "127.0.0.1".into() });
    }
}

fn router(context: impl Fn() + Clone + Send + Sync + 'static) -> Router {
    let options = LeptosOptions::builder().output_name("tidegate").build();
    let routes = routes();
    let shell_options = options.clone();
    let shell = move || app::shell(shell_options.clone());
    let fallback =
        leptos_axum::file_and_error_handler_with_context::<LeptosOptions, _>(context.clone(), app::shell);
    Router::new()
        .leptos_routes_with_context(&options, routes, context, shell)
        .fallback(fallback)
        .with_state(options)
}

impl Answer {
    /// The page's markup as a reader without JavaScript gets it: no scripts, no markers, no data for hydration.
    pub fn page(&self) -> String {
        let mut out = String::new();
        for (i, part) in self.html.split("<script").enumerate() {
            let rest = if i == 0 { part } else { part.split_once("</script>").map_or("", |(_, rest)| rest) };
            out.push_str(rest);
        }
        out.replace("<!>", "").replace("<!---->", "")
    }

    /// Whether the markup has this text.
    pub fn has(&self, text: &str) -> bool {
        self.page().contains(text)
    }

    /// What the page brings along for hydration: what each of its resources read.
    pub fn data(&self) -> Vec<&str> {
        let mut data: Vec<&str> = self.html.split("__RESOLVED_RESOURCES[").skip(1).collect();
        data.iter_mut().for_each(|part| {
            *part = part
                .split_once('=')
                .map_or("", |(_, rest)| rest.split("</script>").next().unwrap_or_default());
        });
        data
    }
}

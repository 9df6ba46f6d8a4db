//! Our message about a result, to an HTTP endpoint.

use super::{Delivery, Package, endpoint::Message};
use crate::{
    live::LiveDestination,
    worker::outcome::{Outcome, Success},
};
use domain::time::Timestamp;
use serde_json::json;

impl Delivery {
    /// Tells an HTTP destination about a result.
    pub async fn call_back(&self, live: &LiveDestination, package: &Package, now: Timestamp) -> Outcome {
        let message = Message {
            content_type: "application/json".to_owned(),
            body: body(package).to_string().into_bytes(),
            idempotency_key: package.idempotency_key.clone(),
        };
        let answer = self.to_endpoint(live, message, now).await?;
        Ok(Success { status: Some(answer.status), ..Success::default() })
    }
}

fn body(package: &Package) -> serde_json::Value {
    let usage = &package.usage;
    json!({
        "job_id": package.job_id,
        "idempotency_key": package.idempotency_key,
        "status": "succeeded",
        "external_id": package.external_id,
        "event": {
            "id": package.event.id,
            "vendor": package.vendor,
            "type": package.event.event_type,
            "external_id": package.event.external_id,
            "subject_id": package.event.subject_id,
            "occurred_at": package.occurred_at.rfc3339(),
        },
        "result_json": {"title": package.title, "text": package.text, "model": package.model},
        "error_text": null,
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "tokens": usage.input_tokens + usage.output_tokens,
            "cost": usage.cost_micros.map(|micros| micros as f64 / 1e6),
        },
        "trace_id": package.event.trace_id,
    })
}

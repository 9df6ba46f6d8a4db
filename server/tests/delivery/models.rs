//! What models answer, at the socket.

use crate::receiver::{Receiver, Reply, scripted};
use domain::{
    id::{ProviderId, TenantId},
    outcome::ErrorClass,
    provider::{Provider, ProviderKind},
    time::Timestamp,
};
use serde_json::json;
use std::time::Duration;
use tidegate::{
    ai::{Ask, Models},
    delivery::outbound::Outbound,
    live::LiveProvider,
    worker::outcome::Failure,
};
use zeroize::Zeroizing;

fn provider(kind: ProviderKind, url: &str) -> LiveProvider {
    let provider = Provider {
        id: ProviderId::new(uuid::Uuid::nil()),
        tenant_id: TenantId::new(uuid::Uuid::nil()),
        slug: "local".parse().unwrap(),
        kind,
        base_url: Some(format!("{url}/v1/")),
        model: "small-1".into(),
        has_key: true,
        enabled: true,
        created_at: Timestamp(0),
    };
    LiveProvider { provider, key: Some(Zeroizing::new("sk-1".into())), reference: None }
}

async fn ask(kind: ProviderKind, url: &str) -> Result<tidegate::ai::Answer, Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let models = Models::new(&Outbound::new(true).unwrap());
    let ask = Ask {
        system: Some("Be short.".into()),
        prompt: "What happened?".into(),
        model: "small-1".into(),
        max_tokens: Some(20),
        idempotency_key: "job_1".into(),
    };
    models.ask(&provider(kind, url), ask).await
}

fn completion(text: &str) -> Reply {
    Reply::json(&json!({
        "model": "small-1-0711",
        "choices": [{"message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2},
    }))
}

#[tokio::test]
async fn each_kind_of_provider_is_asked_in_its_own_way() {
    let receiver = Receiver::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" => completion(" Rain. "),
        "/v1/messages" => Reply::json(&json!({
            "model": "small-1-0711",
            "content": [{"type": "text", "text": "Rain."}],
            "usage": {"input_tokens": 7, "output_tokens": 2},
        })),
        _ => Reply::status(404),
    })
    .await;
    for kind in [ProviderKind::Openai, ProviderKind::Anthropic] {
        let answer = ask(kind, &receiver.url).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.model.as_str()), ("Rain.", "small-1-0711"));
        assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (7, 2));
    }
    let seen = receiver.seen();
    assert_eq!(seen[0].header("authorization"), "Bearer sk-1");
    assert_eq!((seen[1].header("x-api-key"), seen[1].header("anthropic-version")), ("sk-1", "2023-06-01"));
    assert!(seen.iter().all(|one| one.header("idempotency-key") == "job_1"));
    assert_eq!(seen[0].json()["messages"][1]["content"], "What happened?");
    assert_eq!(seen[1].json()["system"], "Be short.");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_and_refused() {
    let long = "a".repeat(9 * 1024 * 1024);
    let receiver = Receiver::start(move |_| completion(&long)).await;
    let failure = ask(ProviderKind::Openai, &receiver.url).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::BadAnswer);
    assert_eq!(failure.words, "local answered with more than 8 MiB");
}

#[tokio::test]
async fn what_a_provider_says_instead_of_an_answer_is_told_apart() {
    let receiver = Receiver::start(|_| Reply::status(500)).await;
    let failed = async |reply: Reply| {
        receiver.now(move |_| reply.clone());
        ask(ProviderKind::Openai, &receiver.url).await.unwrap_err()
    };
    let busy = Reply { headers: vec![("retry-after", "7".to_owned())], ..Reply::status(429) };
    let busy = failed(busy).await;
    assert_eq!((busy.class, busy.retry_after), (ErrorClass::RateLimited, Some(Duration::from_secs(7))));
    let refused = failed(Reply { body: b"{\"error\":\"no\"}".to_vec(), ..Reply::status(401) }).await;
    assert_eq!((refused.class, refused.words.as_str()), (ErrorClass::Rejected, "401 from local"));
    assert_eq!(refused.answer.as_deref(), Some("{\"error\":\"no\"}"));
    assert_eq!(failed(Reply::status(503)).await.class, ErrorClass::Server);
    assert_eq!(
        failed(Reply { body: b"<html>".to_vec(), ..Reply::status(200) }).await.class,
        ErrorClass::BadAnswer
    );
    assert_eq!(failed(Reply::json(&json!({"choices": []}))).await.class, ErrorClass::BadAnswer);
    assert_eq!(failed(completion("  ")).await.class, ErrorClass::BadInput);
}

#[tokio::test]
async fn a_provider_that_says_that_its_credit_is_used_up_is_believed_and_one_that_is_busy_is_busy() {
    let receiver = Receiver::start(|_| Reply::status(500)).await;
    let failed = async |kind, status, body: serde_json::Value| {
        receiver.now(move |_| Reply { status, ..Reply::json(&body) });
        ask(kind, &receiver.url).await.unwrap_err()
    };
    let spent = json!({"error": {
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "type": "insufficient_quota",
        "param": null,
        "code": "insufficient_quota",
    }});
    let failure = failed(ProviderKind::Openai, 429, spent).await;
    assert_eq!((failure.class, failure.status), (ErrorClass::Budget, Some(429)));
    assert_eq!(failure.words, "local says that its credit or quota is used up (insufficient_quota)");
    assert!(failure.answer.unwrap().contains("billing details"));
    let low = json!({"type": "error", "error": {
        "type": "invalid_request_error",
        "message": "Your credit balance is too low to access the Anthropic API.",
    }});
    let failure = failed(ProviderKind::Anthropic, 400, low).await;
    assert_eq!(
        (failure.class, failure.words.as_str()),
        (ErrorClass::Budget, "local says that its credit is used up")
    );
    let busy = json!({"error": {"type": "tokens", "code": "rate_limit_exceeded", "message": "Slow down."}});
    assert_eq!(failed(ProviderKind::Openai, 429, busy).await.class, ErrorClass::RateLimited);
}

#[tokio::test]
async fn a_provider_whose_host_is_gone_is_told_from_one_that_breaks_off() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = ask(ProviderKind::Openai, &gone).await.unwrap_err();
    assert_eq!((failure.class, failure.unreached), (ErrorClass::Connection, true));
    let breaks = scripted(vec!["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", "{"], Duration::ZERO).await;
    let failure = ask(ProviderKind::Openai, &breaks).await.unwrap_err();
    assert_eq!((failure.class, failure.unreached), (ErrorClass::Connection, false));
}

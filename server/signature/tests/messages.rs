//! Amazon SNS and Adyen, which sign named fields of the body.

mod keys;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keys::{CERTIFICATE, rsa_sign};
use serde_json::{Value, json};
use signature::*;

const NOW: i64 = 1_790_000_100;
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:orders";
const SUBSCRIBE: &str = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";

fn message(kind: &str) -> Value {
    let mut message = json!({"Type": kind, "MessageId": "m1", "TopicArn": TOPIC, "Message": "hello",
        "Timestamp": "2026-09-21T14:13:20.000Z", "SignatureVersion": "2",
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"});
    if kind == "Notification" {
        message["Subject"] = json!("about");
    } else {
        message["Token"] = json!("t");
        message["SubscribeURL"] = json!(SUBSCRIBE);
    }
    message
}

fn signed(mut message: Value) -> Value {
    let mut text = String::new();
    for name in ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"]
    {
        if let Some(value) = message[name].as_str() {
            text.push_str(&format!("{name}\n{value}\n"));
        }
    }
    message["Signature"] = json!(STANDARD.encode(rsa_sign(text.as_bytes())));
    message
}

fn ask<T>(body: &Value, cert: Option<&str>, run: impl FnOnce(&Preset, &Request<'_>) -> T) -> T {
    let body = body.to_string();
    let request = Request {
        method: "POST",
        url: "https://gw.example.test/webhooks/sns",
        headers: &[],
        body: body.as_bytes(),
        cert_pem: cert,
    };
    run(preset("aws_sns").expect("aws_sns"), &request)
}

fn judge(body: &Value) -> Result<Verified, Refusal> {
    ask(body, Some(CERTIFICATE), |sns, request| verify(sns, &["other", TOPIC], request, NOW))
}

fn reply(body: &Value) -> Option<Reply> {
    ask(body, None, |sns, request| handshake(sns, &[TOPIC], request))
}

#[test]
fn a_notification_of_the_topic_is_accepted_with_and_without_a_subject() {
    let good = Ok(Verified { secret_index: 1, timestamp_unix: Some(1_790_000_000) });
    assert_eq!(judge(&signed(message("Notification"))), good);
    let mut bare = message("Notification");
    bare.as_object_mut().expect("an object").remove("Subject");
    assert_eq!(judge(&signed(bare)), good);
    assert_eq!(reply(&signed(message("Notification"))), None);
}

#[test]
fn a_notification_of_another_topic_is_refused_however_well_signed() {
    let mut foreign = message("Notification");
    foreign["TopicArn"] = json!("arn:aws:sns:eu-central-1:210987654321:orders");
    assert_eq!(judge(&signed(foreign)), Err(Refusal::AudienceMismatch));
}

#[test]
fn every_changed_signed_field_is_refused() {
    let good = signed(message("Notification"));
    for name in ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "SignatureVersion"] {
        let mut other = good.clone();
        other[name] = json!(match name {
            "Timestamp" => "2026-09-21T14:13:21.000Z",
            "SignatureVersion" => "1",
            "Type" => "UnsubscribeConfirmation",
            _ => "changed",
        });
        assert!(judge(&other).is_err(), "{name}");
        other.as_object_mut().expect("an object").remove(name);
        assert!(judge(&other).is_err(), "{name} removed");
    }
    for (name, value) in
        [("SignatureVersion", json!("3")), ("Signature", json!("%")), ("Signature", json!(1))]
    {
        let mut other = good.clone();
        other[name] = value;
        assert!(judge(&other).is_err(), "{name}");
    }
}

#[test]
fn only_a_certificate_of_amazon_is_asked_for() {
    let url = |value: &str| {
        let mut body = message("Notification");
        body["SigningCertURL"] = json!(value);
        ask(&body, None, certificate_url)
    };
    let good = "https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-1.pem";
    assert_eq!(url(good), Ok(Some(good.to_owned())));
    assert!(url("https://sns.cn-north-1.amazonaws.com.cn/S.pem").is_ok());
    for bad in [
        "http://sns.eu-central-1.amazonaws.com/S.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.test/S.pem",
        "https://sns.eu-central-1.amazonaws.com/S.exe",
        "https://sns.eu-central-1.amazonaws.com/S?x=.pem",
        "https://sns.eu-central-1.amazonaws.com/S#.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.test/S.pem",
        "https://sns.s3.amazonaws.com/S.pem",
        "https://sns.s3-eu-west-1.amazonaws.com/S.pem",
        "https://evil.test/S.pem",
        "",
    ] {
        assert_eq!(url(bad), Err(Refusal::CertificateNotAllowed), "{bad}");
    }
    let good = signed(message("Notification"));
    for cert in [None, Some(""), Some("no certificate")] {
        let verdict = ask(&good, cert, |sns, request| verify(sns, &[TOPIC], request, NOW));
        assert_eq!(verdict, Err(Refusal::CertificateUnusable));
    }
}

#[test]
fn a_subscription_is_confirmed_at_amazon_and_nowhere_else() {
    let good = signed(message("SubscriptionConfirmation"));
    assert!(judge(&good).is_ok());
    let answer = reply(&good).expect("a reply");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.follow_up, Some(FollowUp::Get(SUBSCRIBE.to_owned())));
    for bad in [
        "https://evil.test/?Action=ConfirmSubscription",
        "http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic",
        "https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic&Action=ConfirmSubscription",
        "https://sns.eu-central-1.amazonaws.com/",
        "https://169.254.169.254/?Action=ConfirmSubscription",
    ] {
        let mut other = message("SubscriptionConfirmation");
        other["SubscribeURL"] = json!(bad);
        assert_eq!(reply(&signed(other)), None, "{bad}");
    }
    // Asking the address of a farewell would subscribe again.
    let farewell = reply(&signed(message("UnsubscribeConfirmation"))).expect("a reply");
    assert_eq!((farewell.status, farewell.follow_up), (200, None));
    assert!(!preset("aws_sns").expect("aws_sns").handshake_is_unsigned());
}

#[test]
fn an_old_or_future_message_is_refused() {
    let at = |now| {
        ask(&signed(message("Notification")), Some(CERTIFICATE), |sns, r| verify(sns, &[TOPIC], r, now))
    };
    assert!(at(1_790_000_000 + 30 * 86_400).is_ok());
    assert!(matches!(at(1_790_000_001 + 30 * 86_400), Err(Refusal::TimestampStale { .. })));
    assert_eq!(at(1_789_999_699), Err(Refusal::TimestampFuture { seconds: 301 }));
    assert!(at(i64::MAX).is_err() && at(i64::MIN).is_err());
}

#[test]
fn the_certificate_is_asked_for_messages_of_the_own_topic_only() {
    let need =
        |body: &Value, secrets: &[&str]| ask(body, None, |sns, request| key_need(sns, secrets, request));
    let url = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem".to_owned();
    assert_eq!(need(&message("Notification"), &[TOPIC]), Ok(KeyNeed::Certificate { url }));
    let other = "arn:aws:sns:eu-central-1:210987654321:orders";
    assert_eq!(need(&message("Notification"), &[other]), Err(Refusal::AudienceMismatch));
    assert_eq!(need(&message("Notification"), &[]), Ok(KeyNeed::Nothing));
}

fn adyen(body: &Value, secrets: &[&str]) -> Result<Verified, Refusal> {
    let body = body.to_string();
    let request = Request {
        method: "POST",
        url: "https://gw.example.test/webhooks/adyen",
        headers: &[],
        body: body.as_bytes(),
        cert_pem: None,
    };
    verify(preset("adyen").expect("adyen"), secrets, &request, NOW)
}

/// One notification; its signature was computed elsewhere, with a key of 32 zero bytes.
fn notification() -> Value {
    json!({"live": "false", "notificationItems": [{"NotificationRequestItem": {
        "additionalData": {"hmacSignature": "1J39RYD13ckWBDpdk0xeand67HMhiqfTbVOT9sVDhmw="},
        "pspReference": "7914073381342284", "merchantAccountCode": "TestMerchant",
        "merchantReference": "order-1", "amount": {"value": 1130, "currency": "EUR"},
        "eventCode": "AUTHORISATION", "eventDate": "2026-09-21T14:13:20+02:00", "success": "true"}}]})
}

#[test]
fn a_notification_of_adyen_is_accepted_under_any_of_the_keys() {
    let zero = "00".repeat(32);
    let good = Ok(Verified { secret_index: 1, timestamp_unix: None });
    assert_eq!(adyen(&notification(), &["0011", &zero]), good);
    assert_eq!(adyen(&notification(), &["0011"]), Err(Refusal::SignatureMismatch));
    assert_eq!(adyen(&notification(), &["not hex"]), Err(Refusal::SecretUnusable));
}

#[test]
fn every_signed_field_of_adyen_and_every_item_of_a_batch_must_fit() {
    let zero = "00".repeat(32);
    let at = "/notificationItems/0/NotificationRequestItem";
    for field in [
        "pspReference",
        "merchantAccountCode",
        "merchantReference",
        "amount/value",
        "amount/currency",
        "eventCode",
        "success",
        "originalReference",
    ] {
        let mut other = notification();
        match other.pointer_mut(&format!("{at}/{field}")) {
            Some(value) => *value = json!("changed"),
            None => other["notificationItems"][0]["NotificationRequestItem"][field] = json!("changed"),
        }
        assert_eq!(adyen(&other, &[&zero]), Err(Refusal::SignatureMismatch), "{field}");
    }
    let mut batch = notification();
    let mut second = batch["notificationItems"][0].clone();
    second["NotificationRequestItem"]["amount"]["value"] = json!(1);
    batch["notificationItems"].as_array_mut().expect("a list").push(second);
    assert_eq!(adyen(&batch, &[&zero]), Err(Refusal::SignatureMismatch));
    for bad in [json!({}), json!([]), json!({"notificationItems": []}), json!({"notificationItems": [{}]})] {
        assert!(matches!(adyen(&bad, &[&zero]), Err(Refusal::MissingField { .. })), "{bad}");
    }
    let mut unsigned = notification();
    unsigned["notificationItems"][0]["NotificationRequestItem"]["additionalData"] = json!({});
    assert!(matches!(adyen(&unsigned, &[&zero]), Err(Refusal::MissingField { .. })));
}

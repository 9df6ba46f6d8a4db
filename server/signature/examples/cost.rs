use signature::*;
use std::time::Instant;
fn main() {
    let preset = preset("github").unwrap();
    let value = format!("sha256={}", "00".repeat(32));
    let headers: [(&str, &[u8]); 1] = [("x-hub-signature-256", value.as_bytes())];
    for size in [1024usize, 16 * 1024, 250 * 1024, 500 * 1024] {
        let body = format!("{{\"a\":[{}1]}}", "\"x/é\",".repeat(size / 7)).into_bytes();
        let request =
            Request { method: "POST", url: "https://x", headers: &headers, body: &body, cert_pem: None };
        let t = Instant::now();
        for _ in 0..10 {
            let _ = verify(preset, &["a"], &request, 0);
        }
        let v = t.elapsed() / 10;
        let t = Instant::now();
        for _ in 0..10 {
            let _ = diagnose(preset, &["a", "b"], &request, 0);
        }
        eprintln!("{} bytes: refused in {v:?}, diagnosed in {:?}", body.len(), t.elapsed() / 10);
    }
}

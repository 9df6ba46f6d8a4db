//! Chains of certificates, made here with throw-away authorities.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls_pki_types::CertificateDer;
use signature::*;

/// Within the time all certificates made here are valid.
const NOW: i64 = 1_790_000_000;
const SNS: &str = "sns.amazonaws.com";
const AIA: &str = "http://crt.r2m01.amazontrust.com/r2m01.cer";

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(&[]);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    params
}

/// RFC 5280 §4.2.2.1, with one `caIssuers` address.
fn issuer_at(url: &str) -> CustomExtension {
    let wrap =
        |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).expect("short")], content].concat();
    let method = wrap(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    let access = wrap(0x30, &[method, wrap(0x86, url.as_bytes())].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], wrap(0x30, &access))
}

struct Chain {
    root: CertificateDer<'static>,
    between: rcgen::Certificate,
    leaf: rcgen::Certificate,
}

fn chain(leaf: CertificateParams) -> Chain {
    let root = CertifiedIssuer::self_signed(authority("Root"), key()).expect("a root");
    let between = CertifiedIssuer::signed_by(authority("Between"), key(), &root).expect("one between");
    let leaf = leaf.signed_by(&key(), &between).expect("a certificate");
    Chain { root: root.der().clone(), between: between.as_ref().clone(), leaf }
}

fn leaf(names: &[&str]) -> CertificateParams {
    let mut params = params(names);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.custom_extensions = vec![issuer_at(AIA)];
    params
}

impl Chain {
    fn check(
        &self,
        preset_id: &str,
        pem: &str,
        issuers: &[Vec<u8>],
        now: i64,
    ) -> Result<i64, CertificateFault> {
        let anchor = webpki::anchor_from_trusted_cert(&self.root).expect("an anchor");
        let source = key_source(preset(preset_id).expect(preset_id));
        check_certificate(&source, pem, issuers, &[anchor], now).map(|good| good.not_after_unix)
    }
}

#[test]
fn a_whole_chain_to_a_root_for_the_vendors_name_is_believed_until_its_certificate_ends() {
    let chain = chain(leaf(&["messageverificationcerts.paypal.com"]));
    let whole = format!("{}{}", chain.leaf.pem(), chain.between.pem());
    assert_eq!(chain.check("paypal", &whole, &[], NOW), Ok(1_798_761_600));
    assert_eq!(chain.check("paypal", &whole, &[], 1_798_761_601), Err(CertificateFault::OutOfTime));
    assert_eq!(chain.check("paypal", &whole, &[], 1_700_000_000), Err(CertificateFault::OutOfTime));
    assert_eq!(chain.check("paypal", &whole, &[], -1), Err(CertificateFault::OutOfTime));
}

#[test]
fn a_missing_issuer_is_named_when_it_is_on_an_allowed_host_and_then_completes_the_chain() {
    let chain = chain(leaf(&[SNS]));
    let alone = chain.leaf.pem();
    let missing = Err(CertificateFault::IssuerMissing { url: AIA.to_owned() });
    assert_eq!(chain.check("aws_sns", &alone, &[], NOW), missing);
    let fetched = issuer_der(chain.between.der()).expect("a certificate");
    assert_eq!(issuer_der(chain.between.pem().as_bytes()).as_ref(), Some(&fetched));
    assert_eq!(issuer_der(b"no certificate"), None);
    assert!(chain.check("aws_sns", &alone, &[fetched], NOW).is_ok());
    for elsewhere in [
        "http://evil.test/r2m01.cer",
        "http://amazontrust.com.evil.test/x",
        "http://x@crt.amazontrust.com/x",
        "file://crt.amazontrust.com/x",
        "http://crt.amazontrust.com:8080/x",
        "http://169.254.169.254/x",
    ] {
        let mut params = leaf(&[SNS]);
        params.custom_extensions = vec![issuer_at(elsewhere)];
        let other = self::chain(params);
        let verdict = other.check("aws_sns", &other.leaf.pem(), &[], NOW);
        assert_eq!(verdict, Err(CertificateFault::Untrusted), "{elsewhere}");
    }
}

#[test]
fn certificates_of_other_names_other_roots_and_authorities_are_refused() {
    let good = chain(leaf(&[SNS]));
    let fetched = [good.between.der().to_vec()];
    for names in [&["sns.amazonaws.com.evil.test"][..], &["evil.test"], &["*.amazonaws.com"], &[]] {
        let other = chain(leaf(names));
        let whole = format!("{}{}", other.leaf.pem(), other.between.pem());
        let verdict = other.check("aws_sns", &whole, &[], NOW);
        assert_eq!(verdict, Err(CertificateFault::OtherName), "{names:?}");
    }
    let stranger = chain(leaf(&[SNS]));
    let whole = format!("{}{}", stranger.leaf.pem(), stranger.between.pem());
    assert!(good.check("aws_sns", &whole, &fetched, NOW).is_err());
    let alone = params(&[SNS]).self_signed(&key()).expect("self-signed");
    assert!(good.check("aws_sns", &alone.pem(), &fetched, NOW).is_err());
    let mut client = leaf(&[SNS]);
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = chain(client);
    assert!(client.check("aws_sns", &client.leaf.pem(), &[client.between.der().to_vec()], NOW).is_err());
    for nothing in ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(good.check("aws_sns", nothing, &[], NOW), Err(CertificateFault::Unreadable), "{nothing}");
    }
    let whole = format!("{}{}", good.leaf.pem(), good.between.pem());
    assert_eq!(good.check("stripe", &whole, &[], NOW), Err(CertificateFault::Untrusted));
}

#[test]
fn every_name_amazon_signs_under_is_known() {
    for name in [
        SNS,
        "sns-signing.af-south-1.amazonaws.com",
        "sns.af-south-1.amazonaws.com",
        "sns-us-gov-west-1.amazonaws.com",
        "sns-cn-north-1.amazonaws.com.cn",
    ] {
        let chain = chain(leaf(&[name]));
        let whole = format!("{}{}", chain.leaf.pem(), chain.between.pem());
        assert!(chain.check("aws_sns", &whole, &[], NOW).is_ok(), "{name}");
    }
}

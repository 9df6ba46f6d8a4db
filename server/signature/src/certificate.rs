//! Whether a certificate that signs webhooks is the vendor's: its chain to a root, its name, its time.
//! Fetches nothing; says which certificate is missing in between and where the one at hand says it is.

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::oid::db::rfc5280::ID_AD_CA_ISSUERS;
use x509_cert::ext::pkix::AuthorityInfoAccessSyntax;
use x509_cert::ext::pkix::name::GeneralName;

use crate::key_source::{KeySource, host_fits, plain_host};

/// Certificates read from one file. A chain has three or four.
const MOST: usize = 8;

/// A certificate whose chain, name and time are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedCertificate {
    /// Ends with this second: the earliest end within the chain that was sent, at the latest the certificate's own.
    pub not_after_unix: i64,
}

/// Why a certificate is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It is no certificate.
    #[error("it is no certificate in PEM")]
    Unreadable,
    /// It is for another name than the vendor's.
    #[error("it is not for a name of this vendor's")]
    OtherName,
    /// Its chain ends before a root; the next one is said to be at this address.
    #[error("the certificate of its issuer is missing")]
    IssuerMissing {
        /// Where it is, on a host the vendor's preset allows. Plain HTTP is usual and harmless: what is fetched
        /// counts only when its own signature fits.
        url: String,
    },
    /// It has ended or not begun.
    #[error("it is not valid at this time")]
    OutOfTime,
    /// No chain to a trusted root.
    #[error("no chain leads from it to a trusted root")]
    Untrusted,
}

/// Checks the first certificate of `pem`: the others and `issuers` (in DER) may stand between it and one of
/// `roots`, at `now_unix`, for the names of `source`.
///
/// # Errors
/// [`CertificateFault::IssuerMissing`] with what to fetch and try again with, and the other faults for good.
pub fn check_certificate(
    source: &KeySource,
    pem: &str,
    issuers: &[Vec<u8>],
    roots: &[TrustAnchor<'_>],
    now_unix: i64,
) -> Result<TrustedCertificate, CertificateFault> {
    let KeySource::CertificateUrl { names, issuer_hosts, .. } = source else {
        return Err(CertificateFault::Untrusted);
    };
    let sent: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .take(MOST)
        .collect::<Result<_, _>>()
        .map_err(|_| CertificateFault::Unreadable)?;
    let (leaf, between) = sent.split_first().ok_or(CertificateFault::Unreadable)?;
    let certificate = EndEntityCert::try_from(leaf).map_err(|_| CertificateFault::Unreadable)?;
    if !certificate.valid_dns_names().any(|name| names.iter().any(|ours| host_fits(name, ours))) {
        return Err(CertificateFault::OtherName);
    }
    let between: Vec<CertificateDer<'_>> = between
        .iter()
        .cloned()
        .chain(issuers.iter().map(|der| CertificateDer::from(der.as_slice())))
        .collect();
    let now = u64::try_from(now_unix).map_err(|_| CertificateFault::OutOfTime)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    let path =
        certificate.verify_for_usage(algorithms, roots, &between, now, KeyUsage::server_auth(), None, None);
    match path {
        Ok(_) => {
            let ends = std::iter::once(leaf).chain(&between).filter_map(|der| ends_at(der));
            Ok(TrustedCertificate { not_after_unix: ends.min().ok_or(CertificateFault::Unreadable)? })
        }
        Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }) => {
            Err(CertificateFault::OutOfTime)
        }
        Err(webpki::Error::UnknownIssuer) => {
            // The last of the chain is the one whose issuer is not there.
            let last = between.last().unwrap_or(leaf);
            let url = issuer_of(last).filter(|url| from_host(url, issuer_hosts));
            Err(url.map_or(CertificateFault::Untrusted, |url| CertificateFault::IssuerMissing { url }))
        }
        Err(_) => Err(CertificateFault::Untrusted),
    }
}

/// A fetched issuer's certificate, as DER or as PEM, in DER.
pub fn issuer_der(bytes: &[u8]) -> Option<Vec<u8>> {
    let der = match bytes.starts_with(b"-----BEGIN") {
        true => CertificateDer::from_pem_slice(bytes).ok()?.to_vec(),
        false => bytes.to_vec(),
    };
    Certificate::from_der(&der).ok().map(|_| der)
}

fn ends_at(der: &CertificateDer<'_>) -> Option<i64> {
    let certificate = Certificate::from_der(der).ok()?;
    i64::try_from(certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs()).ok()
}

/// RFC 5280 §4.2.2.1: where the issuer's own certificate is.
fn issuer_of(der: &CertificateDer<'_>) -> Option<String> {
    let certificate = Certificate::from_der(der).ok()?;
    let (_, access) = certificate.tbs_certificate.get::<AuthorityInfoAccessSyntax>().ok()??;
    access.0.iter().find_map(|one| match &one.access_location {
        GeneralName::UniformResourceIdentifier(url) if one.access_method == ID_AD_CA_ISSUERS => {
            Some(url.to_string())
        }
        _ => None,
    })
}

fn from_host(url: &str, patterns: &[String]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    matches!(scheme, "http" | "https")
        && url.len() <= 512
        && url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && plain_host(&host)
        && patterns.iter().any(|pattern| host_fits(&host, pattern))
}

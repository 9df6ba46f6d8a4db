//! Whom this installation trusts to say who is who: Mozilla's authorities, and those of `--ca-file`, such as a
//! company's own. Used for the chains of vendors' signing certificates and for outgoing TLS. The system's own list is not
//! asked: a machine without one delivers as well, and reading it at each start takes longer than opening the database.

use anyhow::Context;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject};
use std::{path::Path, sync::Arc};

/// Trusted authorities.
#[derive(Clone, Debug)]
pub struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
}

impl Default for Trust {
    fn default() -> Self {
        Self { anchors: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
    }
}

impl Trust {
    /// Mozilla's, and those in `file`.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else than certificates of authorities.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut trust = Self::default();
        let usual = trust.anchors.len();
        let Some(file) = file else { return Ok(trust) };
        let name = || file.display().to_string();
        let pem = std::fs::read(file).with_context(|| format!("cannot read {}", name()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.with_context(|| format!("{} is no PEM file", name()))?;
            let anchor = webpki::anchor_from_trusted_cert(&certificate)
                .with_context(|| format!("{} holds a certificate that cannot be used", name()))?;
            trust.anchors.push(anchor.to_owned());
        }
        anyhow::ensure!(trust.anchors.len() > usual, "{} holds no certificate", name());
        Ok(trust)
    }

    /// All of them.
    pub fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }

    /// TLS as a client that trusts them, offering HTTP/2 first.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn client_config(&self) -> anyhow::Result<ClientConfig> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(RootCertStore { roots: self.anchors.clone() })
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorities_of_a_file_come_besides_the_usual_ones_and_an_empty_file_is_an_error() {
        let usual = Trust::load(None).unwrap();
        assert!(usual.anchors().len() > 50);
        let file = std::env::temp_dir().join(format!("tidegate-ca-{}.pem", uuid::Uuid::now_v7().simple()));
        let own = rcgen::generate_simple_self_signed(["ca.test".to_owned()]).unwrap();
        std::fs::write(&file, own.cert.pem()).unwrap();
        let more = Trust::load(Some(&file)).unwrap();
        assert_eq!(more.anchors().len(), usual.anchors().len() + 1);
        std::fs::write(&file, "nothing").unwrap();
        assert!(Trust::load(Some(&file)).is_err());
        std::fs::remove_file(&file).unwrap();
        assert!(Trust::load(Some(&file)).is_err());
    }
}

//! Where results go. Its password or signing secret is sealed in the store and is not part of this type.

use crate::{
    id::{DestinationId, TenantId},
    slug::Slug,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

crate::words! {
    /// What stands at the other end.
    pub enum DestinationKind {
        /// A WordPress site, with our plugin or without.
        Wordpress = "wordpress",
        /// Any HTTP endpoint that checks our signature.
        Http = "http",
    }
}

crate::words! {
    /// How Tidegate proves itself to a destination.
    pub enum DestinationAuth {
        /// A WordPress application password over HTTP Basic.
        AppPassword = "app-password",
        /// A token signed with Tidegate's key, valid for at most 60 s; needs the plugin.
        Jwt = "jwt",
        /// Standard Webhooks signature with a shared secret.
        Signature = "signature",
    }
}

crate::words! {
    /// Which WordPress route takes results.
    pub enum WordpressRoute {
        /// `tidegate/v1/ingest` of our plugin.
        Plugin = "plugin",
        /// `wp/v2/posts` of WordPress itself, as a draft.
        Core = "core",
        /// The plugin's where it answers, else WordPress' own.
        Auto = "auto",
    }
}

crate::words! {
    /// How an HTTP endpoint is called.
    pub enum DestinationMethod {
        /// `POST`.
        Post = "post",
        /// `PUT`.
        Put = "put",
    }
}

crate::words! {
    /// What is kept sealed of a destination beside its password or secret.
    pub enum DestinationPart {
        /// Headers every call to an HTTP endpoint carries.
        Headers = "headers",
        /// The signing secret before the one in use; signs too until its end.
        Retiring = "retiring",
    }
}

/// Where results go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Identity.
    pub id: DestinationId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Name, unique within the tenant.
    pub slug: Slug,
    /// What stands at the other end.
    pub kind: DestinationKind,
    /// The site's or endpoint's URL.
    pub url: String,
    /// User name for an application password.
    pub user: Option<String>,
    /// How Tidegate proves itself.
    pub auth: DestinationAuth,
    /// Which WordPress route takes results.
    pub route: WordpressRoute,
    /// Whether a password or secret is stored.
    pub has_secret: bool,
    /// How an HTTP endpoint is called.
    pub method: DestinationMethod,
    /// Takes part in work; jobs of one that does not are held.
    pub enabled: bool,
    /// Why it was switched off, when it was not a person who did.
    pub off_reason: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

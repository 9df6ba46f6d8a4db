//! The vendor a page is about, for panels that read by its id. What a panel reads is made here once per page, outside of
//! whatever is drawn anew: a resource made inside a `Suspend` is made twice on the server, and what the page shows and what
//! it is hydrated with may then differ.

use crate::{error::AppError, view::vendor::VendorHead};
use domain::id::VendorId;
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;

/// What a panel shows, once it is there.
pub type Told<T> = Resource<Result<T, AppError>>;

/// The vendor, known once its head was read.
#[derive(Clone, Copy)]
pub struct Subject(pub Told<VendorHead>);

impl Subject {
    /// Reads what `of` tells about the vendor, and again whenever `when` changes.
    pub fn read<W, T, F>(
        self,
        when: impl Fn() -> W + Send + Sync + 'static,
        of: impl Fn(VendorId) -> F + Clone + Send + Sync + 'static,
    ) -> Told<T>
    where
        W: PartialEq + Clone + Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = Result<T, AppError>> + Send + 'static,
    {
        Resource::new(when, move |_| {
            let of = of.clone();
            async move { of(self.id().await?).await }
        })
    }

    /// Its identity.
    ///
    /// # Errors
    /// Why its head could not be read.
    pub async fn id(self) -> Result<VendorId, AppError> {
        self.0.await.map(|head| head.id)
    }
}

//! Event types: the catalogue, schemas in versions, mappings, and releasing what waits for them.

mod drafts;
mod held;
mod report;

pub(super) use drafts::Drafts;

use super::{Services, sees, unavailable};
use crate::{
    live::LiveVendor,
    schema::{Fault, check::Check, learn, mapping::Mapping},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, types::TypesPort},
    view::types::{
        Draft, HeldCount, MappingRow, NewMapping, Saved, SchemaRow, ShapeReport, TextFault, TypePage,
        TypeRow, TypesPage,
    },
};
use async_trait::async_trait;
use domain::{
    id::{EventId, VendorId},
    schema::{EventTypeSeen, MappingVersion, SchemaMode, SchemaOrigin, SchemaUse, SchemaVersion, TypeKey},
};
use drafts::Kind;
use std::sync::Arc;

impl Services {
    /// The vendor named in an address: a short name in the actor's tenant, or an id.
    fn vendor_at_address(&self, actor: &Actor, vendor: &str) -> Result<Arc<LiveVendor>, AppError> {
        match vendor.parse::<VendorId>() {
            Ok(id) => {
                let found = self.live.now().vendor(id).cloned();
                found.filter(|live| sees(actor, live.vendor.tenant_id)).ok_or(AppError::NotFound)
            }
            Err(_) => self.vendor_named(actor, vendor),
        }
    }

    fn type_of(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
    ) -> Result<(Arc<LiveVendor>, TypeKey), AppError> {
        let live = self.vendor_at_address(actor, vendor)?;
        let of = TypeKey { vendor_id: live.vendor.id, event_type: event_type.to_owned() };
        Ok((live, of))
    }

    /// How a vendor is named in addresses for this actor: by its short name where that leads back to it.
    fn address_of(&self, actor: &Actor, live: &LiveVendor) -> String {
        let slug = live.vendor.slug.as_str();
        match self.vendor_named(actor, slug) {
            Ok(found) if found.vendor.id == live.vendor.id => slug.to_owned(),
            _ => live.vendor.id.to_string(),
        }
    }

    fn type_row(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        seen: EventTypeSeen,
        used: Option<&SchemaUse>,
    ) -> TypeRow {
        TypeRow {
            vendor_id: live.vendor.id,
            vendor: self.address_of(actor, live),
            event_type: seen.of.event_type,
            events: seen.events,
            first_seen: seen.first_seen,
            last_seen: seen.last_seen,
            sample: seen.sample,
            mode: used.map(|used| used.mode),
            version: used.map(|used| used.version),
            broken: seen.broken,
            drift_since: seen.drift_since,
            shape_since: seen.shape_since,
        }
    }

    /// Saves a checked schema as the next version.
    async fn store_schema(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        of: TypeKey,
        text: String,
        origin: SchemaOrigin,
        samples: i32,
    ) -> Result<i32, AppError> {
        let used = self.store.schema_use(&of).await.map_err(unavailable)?;
        let mode = used.map_or(SchemaMode::Warn, |used| used.mode);
        let schema = SchemaVersion {
            of: of.clone(),
            version: 0,
            text,
            origin,
            samples,
            created_at: self.clock.now(),
            created_by: actor.email.clone(),
        };
        let target = format!("{} {}", live.vendor.slug, of.event_type);
        let detail = match origin {
            SchemaOrigin::Pasted => "pasted".to_owned(),
            SchemaOrigin::Learned => format!("learned from {samples} events"),
        };
        let audit = self.audit(actor, Some(live.vendor.tenant_id), "schema.save", target, detail);
        let used = SchemaUse { of, version: 0, mode };
        let version = self.store.add_schema(&schema, &used, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(version)
    }

    /// Keeps a text that cannot be saved, for the page that shows why.
    fn faulty(
        &self,
        actor: &Actor,
        kind: Kind,
        text: String,
        from_version: Option<String>,
        fault: Fault,
    ) -> Saved {
        let fault = TextFault { line: fault.line, words: fault.words };
        let draft = Draft { text, from_version, fault: Some(fault.clone()) };
        Saved::Faulty(fault, self.type_drafts.keep(actor.user_id, self.clock.now(), kind, draft))
    }
}

#[async_trait]
impl TypesPort for Services {
    async fn catalogue(&self, actor: &Actor, vendor: Option<&str>) -> Result<TypesPage, AppError> {
        let only = vendor
            .map(|vendor| self.vendor_at_address(actor, vendor))
            .transpose()?
            .map(|live| live.vendor.id);
        let snapshot = self.live.now();
        let seen = self.store.event_types(actor.tenant, only).await.map_err(unavailable)?;
        let mut rows = Vec::with_capacity(seen.len());
        for seen in seen {
            let Some(live) = snapshot.vendor(seen.of.vendor_id) else { continue };
            let schema = live.types.get(&seen.of.event_type).and_then(|live| live.schema.as_ref());
            let used = schema.map(|schema| SchemaUse {
                of: seen.of.clone(),
                version: schema.version,
                mode: schema.mode,
            });
            rows.push(self.type_row(actor, live, seen, used.as_ref()));
        }
        rows.sort_by(|a, b| (&a.vendor, &a.event_type).cmp(&(&b.vendor, &b.event_type)));
        Ok(TypesPage { now: self.clock.now(), rows })
    }

    async fn page(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        draft: Option<&str>,
    ) -> Result<TypePage, AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        let seen = self.store.event_type(&of).await.map_err(unavailable)?;
        let used = self.store.schema_use(&of).await.map_err(unavailable)?;
        let schemas = self.store.schemas_of(&of).await.map_err(unavailable)?;
        let mappings = self.store.mappings_of(&of).await.map_err(unavailable)?;
        let samples = self.store.samples_of(&of, learn::MAX_SAMPLES as i64).await.map_err(unavailable)?;
        let in_use = used.as_ref().and_then(|used| schemas.iter().find(|one| one.version == used.version));
        let mut schema =
            Draft { text: in_use.map(|one| one.text.clone()).unwrap_or_default(), ..Draft::default() };
        let active = mappings.iter().find(|one| one.active);
        let mut mapping = Draft {
            text: active.map(|one| one.text.clone()).unwrap_or_default(),
            from_version: active.and_then(|one| one.from_version.clone()),
            fault: None,
        };
        let draft = draft.and_then(|handle| self.type_drafts.find(actor.user_id, self.clock.now(), handle));
        match draft {
            Some((Kind::Schema, draft)) => schema = draft,
            Some((Kind::Mapping, draft)) => mapping = draft,
            None => {}
        }
        let held = self.count(&live, &of).await?;
        Ok(TypePage {
            now: self.clock.now(),
            preview: self.preview(actor, &live, &of).await?,
            row: self.type_row(actor, &live, seen, used.as_ref()),
            schemas: schemas
                .into_iter()
                .map(|one| SchemaRow {
                    used: used.as_ref().is_some_and(|used| used.version == one.version),
                    version: one.version,
                    origin: one.origin,
                    samples: one.samples,
                    created_at: one.created_at,
                    created_by: one.created_by,
                })
                .collect(),
            schema,
            samples: samples.len() as i64,
            mappings: mappings
                .into_iter()
                .map(|one| MappingRow {
                    version: one.version,
                    from_version: one.from_version,
                    text: one.text,
                    active: one.active,
                    created_at: one.created_at,
                    created_by: one.created_by,
                })
                .collect(),
            mapping,
            held,
        })
    }

    async fn save_schema(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        text: String,
    ) -> Result<Saved, AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        if let Err(fault) = Check::new(&text) {
            return Ok(self.faulty(actor, Kind::Schema, text, None, fault));
        }
        let version = self.store_schema(actor, &live, of, text, SchemaOrigin::Pasted, 0).await?;
        Ok(Saved::Version(version))
    }

    async fn learn_schema(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        samples: u32,
    ) -> Result<i32, AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        let missing = AppError::invalid(Field::Schema, Reason::Missing);
        let most = i64::from(samples).clamp(1, learn::MAX_SAMPLES as i64);
        let mut payloads = Vec::new();
        for id in self.store.samples_of(&of, most).await.map_err(unavailable)? {
            // One that was forgotten since is passed over; the others are as good.
            if let Some((_, data)) = self.event_data(id).await? {
                payloads.push(data);
            }
        }
        payloads.retain(|data| !data.is_null());
        let learned = learn::learn(&payloads).ok_or(missing)?;
        let text = serde_json::to_string_pretty(&learned).map_err(|_| AppError::Unavailable)?;
        // A schema of very many fields can be longer than one may be.
        Check::new(&text).map_err(|_| AppError::invalid(Field::Schema, Reason::TooLong))?;
        self.store_schema(actor, &live, of, text, SchemaOrigin::Learned, payloads.len() as i32).await
    }

    async fn use_schema(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        version: Option<i32>,
        mode: Option<SchemaMode>,
    ) -> Result<(), AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        let used = self.store.schema_use(&of).await.map_err(unavailable)?;
        let used = used.ok_or(AppError::invalid(Field::Schema, Reason::Missing))?;
        let next =
            SchemaUse { version: version.unwrap_or(used.version), mode: mode.unwrap_or(used.mode), of };
        let target = format!("{} {}", live.vendor.slug, next.of.event_type);
        let detail = format!("version {}, {}", next.version, next.mode);
        let audit = self.audit(actor, Some(live.vendor.tenant_id), "schema.use", target, detail);
        self.store.use_schema(&next, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(())
    }

    async fn save_mapping(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        new: NewMapping,
    ) -> Result<Saved, AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        if let Err(fault) = Mapping::parse(&new.text) {
            return Ok(self.faulty(actor, Kind::Mapping, new.text, new.from_version, fault));
        }
        if new.from_version.as_ref().is_some_and(|from| from.len() > 100) {
            return Err(AppError::invalid(Field::FromVersion, Reason::TooLong));
        }
        let target = format!("{} {}", live.vendor.slug, of.event_type);
        let detail = match &new.from_version {
            Some(from) => format!("from version {from}"),
            None => "from any version".to_owned(),
        };
        let audit = self.audit(actor, Some(live.vendor.tenant_id), "mapping.save", target, detail);
        let mapping = MappingVersion {
            of,
            version: 0,
            from_version: new.from_version,
            text: new.text,
            active: true,
            created_at: self.clock.now(),
            created_by: actor.email.clone(),
        };
        let version = self.store.add_mapping(&mapping, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(Saved::Version(version))
    }

    async fn use_mapping(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        version: i32,
        active: bool,
    ) -> Result<(), AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        let target = format!("{} {}", live.vendor.slug, of.event_type);
        let detail = format!("version {version} {}", if active { "used" } else { "no longer used" });
        let audit = self.audit(actor, Some(live.vendor.tenant_id), "mapping.use", target, detail);
        self.store.use_mapping(&of, version, active, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(())
    }

    async fn count_held(&self, actor: &Actor, vendor: &str, event_type: &str) -> Result<HeldCount, AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        self.count(&live, &of).await
    }

    async fn release_held(&self, actor: &Actor, vendor: &str, event_type: &str) -> Result<i64, AppError> {
        let (live, of) = self.type_of(actor, vendor, event_type)?;
        self.release(actor, &live, &of).await
    }

    async fn shape(&self, actor: &Actor, event: EventId) -> Result<ShapeReport, AppError> {
        let event = self.store.event(event).await.map_err(unavailable)?;
        if !sees(actor, event.tenant_id) {
            return Err(AppError::NotFound);
        }
        let live = self.live.now().vendor(event.vendor_id).cloned().ok_or(AppError::NotFound)?;
        Ok(self.report(actor, &live, &event).await?.0)
    }
}

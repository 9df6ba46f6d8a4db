//! Links to sender pages: renewing makes older ones worthless.

use crate::support::{Db, NOW, audit, id, on_both};
use domain::{id::VendorId, vendor::Vendor};
use std::collections::BTreeMap;
use store::DEFAULT_TENANT_ID;

on_both! {
    links_begin_with_number_one_and_each_renewal_counts_up,
}

async fn links_begin_with_number_one_and_each_renewal_counts_up(db: Db) {
    let vendor = Vendor {
        id: id(VendorId::new),
        tenant_id: DEFAULT_TENANT_ID,
        slug: "acme".parse().unwrap(),
        preset: "std_webhooks".into(),
        options: BTreeMap::new(),
        enabled: true,
        max_body: None,
        policy: domain::policy::VendorPolicy::default(),
        created_at: NOW,
    };
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    assert_eq!(db.sender_link_number(vendor.id).await.unwrap(), 1);
    for expected in [2, 3] {
        let number = db.renew_sender_links(vendor.id, &audit("sender.renew")).await.unwrap();
        assert_eq!(number, expected);
        assert_eq!(db.sender_link_number(vendor.id).await.unwrap(), expected);
    }
    assert_eq!(db.audit_log(None, NOW.plus(1), 10).await.unwrap().len(), 3);
    assert!(db.renew_sender_links(id(VendorId::new), &audit("sender.renew")).await.is_err());
}

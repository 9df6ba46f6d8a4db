-- Telling people what was done without being asked.

-- At most one vendor of a tenant has the news for its events.
create unique index vendors_telling_news on vendors (tenant_id) where preset = 'tidegate';

-- Entries of the audit log that are to become events of such a vendor. Written with the entry, and deleted with the event
-- stored: whatever ends in between, each entry makes one event.
create table untold_news (
    entry_id  blob not null primary key references audit_log (id),
    vendor_id blob not null references vendors (id)
) strict, without rowid;

-- How many jobs became dead letters lately, without looking at those of long ago.
create index jobs_dead_lately on jobs (tenant_id, finished_at) where state = 'deadletter';

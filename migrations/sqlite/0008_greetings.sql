-- How far the vendors' side of each connection is, secrets they handed over, and values that count once.

create table connections (
    vendor_id       blob    not null primary key references vendors (id) on delete cascade,
    greeted_at      integer,
    greetings       integer not null,
    follow_up_at    integer,
    follow_up_ok    integer check (follow_up_ok in (0, 1)),
    follow_up_words text
) strict, without rowid;

-- Not among the secrets: nobody has said yet that these are believed.
create table offered_secrets (
    id         blob    not null primary key,
    vendor_id  blob    not null references vendors (id) on delete cascade,
    request_id blob    not null,
    offered_at integer not null,
    sealed     blob    not null
) strict, without rowid;

create index offered_secrets_of_vendor on offered_secrets (vendor_id, offered_at);
create index offered_secrets_by_age on offered_secrets (offered_at);

-- Both are SHA-256: the value that counts once, and the content it came with.
create table seen_values (
    vendor_id   blob    not null,
    value       blob    not null,
    content     blob    not null,
    forget_at   integer not null,
    primary key (vendor_id, value)
) strict, without rowid;

create index seen_values_by_end on seen_values (forget_at);

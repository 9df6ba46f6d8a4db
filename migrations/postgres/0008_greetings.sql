-- How far the vendors' side of each connection is, secrets they handed over, and values that count once.

create table connections (
    vendor_id       uuid    not null primary key references vendors (id) on delete cascade,
    greeted_at      bigint,
    greetings       bigint  not null,
    follow_up_at    bigint,
    follow_up_ok    boolean,
    follow_up_words text
);

-- Not among the secrets: nobody has said yet that these are believed.
create table offered_secrets (
    id         uuid   not null primary key,
    vendor_id  uuid   not null references vendors (id) on delete cascade,
    request_id uuid   not null,
    offered_at bigint not null,
    sealed     bytea  not null
);

create index offered_secrets_of_vendor on offered_secrets (vendor_id, offered_at);
create index offered_secrets_by_age on offered_secrets (offered_at);

-- Both are SHA-256: the value that counts once, and the content it came with.
create table seen_values (
    vendor_id   uuid   not null,
    value       bytea  not null,
    content     bytea  not null,
    forget_at   bigint not null,
    primary key (vendor_id, value)
);

create index seen_values_by_end on seen_values (forget_at);

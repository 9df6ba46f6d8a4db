//! Pieces that several pages share. Each is markup only: what it shows comes in as plain values.
//!
//! - [`frame`]: the rail around every page, and who may see it
//! - [`icon`]: the line icons
//! - [`badge`], [`when`]: a state and a time in words
//! - [`page_head`], [`facts`], [`code`], [`copy`], [`timeline`]: parts of a page
//! - [`job_table`]: jobs as rows
//! - [`connection`], [`preset_facts`]: a vendor's side of a connection; [`preset_options`]: what can be chosen of it
//! - [`payload`], [`replays`]: panels about one event
//! - [`list_page`]: the frame lists of connections share; [`mod@vendor`], [`mod@destination`]: panels of their pages
//! - [`types_table`], [`shape`]: event types as rows, and what is different about a payload
//! - [`chores`]: the panel of maintenance
//! - [`empty`]: the states a list has besides rows
//! - [`form`]: fields, errors and buttons of forms; [`overlap`], [`scheme`]: what several of them have

pub mod badge;
pub mod chores;
pub mod code;
pub mod connection;
pub mod copy;
pub mod destination;
pub mod empty;
pub mod facets;
pub mod facts;
pub mod flow;
pub mod form;
pub mod frame;
pub mod icon;
pub mod job_actions;
pub mod job_table;
pub mod list_page;
pub mod overlap;
pub mod page_head;
pub mod payload;
pub mod preset_facts;
pub mod preset_options;
pub mod replays;
pub mod scheme;
pub mod shape;
pub mod timeline;
pub mod types_table;
pub mod vendor;
pub mod when;

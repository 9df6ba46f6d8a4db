//! `tidegate user`: accounts.

use super::{actor, input, output::Output, said};
use crate::serve::Base;
use domain::{role::Role, user::User};

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Add an account; the password comes on standard input
    Add {
        /// What the person signs in with
        email: String,
        /// owner, admin or editor
        #[arg(long)]
        role: Role,
        /// The tenant an admin or editor belongs to
        #[arg(long)]
        tenant: Option<String>,
    },
    /// List accounts
    List,
    /// Let an account sign in no more and end its sessions
    Disable {
        /// Its e-mail address
        email: String,
    },
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Command::List)
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { email, role, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let tenant = if role == Role::Owner { None } else { who.tenant };
            let password = input::secret("password")?;
            let user = base.services.add_user(&who, &email, &password, role, tenant).await.map_err(said)?;
            out.value(&user, &[("added", user.email.clone()), ("role", role.to_string())]);
        }
        Command::List => {
            let users: Vec<User> = base.store.users(None).await?;
            out.list(&users, &["email", "role", "state", "last sign-in"], |user| {
                let state = if user.disabled { "disabled" } else { "enabled" };
                let last = user.last_login_at.map(|at| at.rfc3339()).unwrap_or_default();
                vec![user.email.clone(), user.role.to_string(), state.to_owned(), last]
            });
        }
        Command::Disable { email } => {
            let who = actor(base, None)?;
            base.services.disable_user(&who, &email).await.map_err(said)?;
            out.done(&format!("{email} can sign in no more."));
        }
    }
    Ok(())
}

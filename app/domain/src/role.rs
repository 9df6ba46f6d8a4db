//! What a signed-in person may do. The one place where rights are decided; callers ask, they do not compare roles.

crate::words! {
    /// What a person is to a tenant.
    pub enum Role {
        /// Of the whole installation: every tenant, its users and settings.
        Owner = "owner",
        /// Of one tenant: everything in it.
        Admin = "admin",
        /// Of one tenant: sees jobs, usage and results; changes nothing.
        Editor = "editor",
    }
}

impl Role {
    /// May re-enqueue, cancel, hold and release jobs.
    pub const fn may_operate(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May add and change vendors, secrets, providers, destinations, rules and users of its tenant.
    pub const fn may_configure(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May add tenants and see all of them.
    pub const fn may_own(self) -> bool {
        matches!(self, Self::Owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_changes_nothing() {
        assert!(!Role::Editor.may_operate() && !Role::Editor.may_configure() && !Role::Editor.may_own());
        assert!(Role::Admin.may_operate() && !Role::Admin.may_own());
    }

    #[test]
    fn every_role_has_one_text_form() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(*role));
        }
        assert!("root".parse::<Role>().is_err());
    }
}

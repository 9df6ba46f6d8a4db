//! How a database's schema compares with the one a program was built with.

use super::Result;
use crate::StoreError;

/// What is different, by the numbers of migrations, smallest first; nothing where both are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Those of the program that were not applied.
    pub missing: Vec<i64>,
    /// Those that were applied and said something else then than they say in the program.
    pub different: Vec<i64>,
    /// Those that were applied and are not known to the program: it is older than the database. That is as it should be
    /// while nodes are replaced one by one, because migrations only add.
    pub newer: Vec<i64>,
}

impl Schema {
    /// Fails unless a program can work with this schema.
    ///
    /// # Errors
    /// [`StoreError::SchemaDiffers`] before [`StoreError::SchemaBehind`]: migrations can mend the second one alone.
    pub fn require(&self) -> Result<()> {
        match (self.different.is_empty(), self.missing.is_empty()) {
            (false, _) => Err(StoreError::SchemaDiffers { versions: self.different.clone() }),
            (true, false) => Err(StoreError::SchemaBehind { missing: self.missing.clone() }),
            (true, true) => Ok(()),
        }
    }

    /// That the database is newer than the program, and what that means; `None` when it is not.
    pub fn newer_words(&self) -> Option<String> {
        (!self.newer.is_empty()).then(|| {
            format!(
                "this database is newer than the program, which does not know {}; that is well while nodes are replaced one \
                 by one, then update this one, too",
                named(&self.newer)
            )
        })
    }
}

/// What a schema without these migrations is called.
pub(crate) fn lacking(missing: &[i64]) -> String {
    match missing.first() {
        Some(1) => "there is no schema in this database yet".to_owned(),
        _ => format!("the schema lacks {} of this program", named(missing)),
    }
}

/// `migration 7`, `migrations 7 and 9`, `migrations 7, 8 and 9`.
pub(crate) fn named(versions: &[i64]) -> String {
    let texts: Vec<String> = versions.iter().map(i64::to_string).collect();
    match texts.split_last() {
        Some((last, [])) => format!("migration {last}"),
        Some((last, rest)) => format!("migrations {} and {last}", rest.join(", ")),
        None => "no migration".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_differs_is_said_before_one_that_is_behind() {
        assert!(Schema::default().require().is_ok() && Schema::default().newer_words().is_none());
        let behind = Schema { missing: vec![20, 21, 23], ..Schema::default() };
        let words = behind.require().unwrap_err().to_string();
        assert!(words.contains("lacks migrations 20, 21 and 23"), "{words}");
        let none = Schema { missing: vec![1, 2, 3], ..Schema::default() };
        let words = none.require().unwrap_err().to_string();
        assert_eq!(words, "there is no schema in this database yet: run the migrations first");
        let both = Schema { different: vec![7], ..behind };
        let words = both.require().unwrap_err().to_string();
        assert!(words.contains("has migration 7 in another form"), "{words}");
        let newer = Schema { newer: vec![30, 31], ..Schema::default() };
        assert!(newer.require().is_ok());
        let words = newer.newer_words().unwrap();
        assert!(
            words.contains("newer than the program") && words.contains("migrations 30 and 31"),
            "{words}"
        );
    }
}

//! What a template was made of and by whom, in its notes: one line that stays with it whatever it is called later.

use serde::{Deserialize, Serialize};

use super::notes::Mark;
use crate::packer_run::Made;
use crate::vcenter::Vm;

const MARK: Mark = Mark { word: "made" };
/// Letters of a commit and of a digest that tell one from the other.
const SHORT: usize = 12;

/// What went into a template. It stands in vCenter, where others write too: each text is shown as `text::Safe` only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MadeOf {
    /// what is on record of the run, its commit and digest shortened
    #[serde(flatten)]
    pub made: Made,
    /// packer's plugins with their versions: `vsphere v2.1.0`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<String>,
}

impl MadeOf {
    /// What the notes of a template say; `None` where they do not, or where it cannot be read.
    pub fn of(vm: &Vm) -> Option<Self> {
        MARK.read(&vm.annotation).and_then(Result::ok)
    }

    /// The notes with this instead of anything of its kind; the rest byte for byte.
    pub fn write(&self, notes: &str) -> String {
        let short = |text: &Option<String>| text.as_ref().map(|text| text.chars().take(SHORT).collect());
        let made =
            Made { commit: short(&self.made.commit), var_files: short(&self.made.var_files), ..self.made.clone() };
        MARK.write(notes, &Self { made, plugins: self.plugins.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generation::{Actor, Claim};
    use crate::pipeline::Key;
    use crate::vcenter::Moid;

    #[test]
    fn it_stays_beside_whatever_else_stands_in_the_notes() {
        let made = Made {
            by: "mona@ops3".into(),
            commit: Some("4f2a91c07be1d6a94f2a91c07be1d6a9ffffffff".into()),
            clean: Some(false),
            iso: Some("iso/debian/12/debian-12.15.0.iso".into()),
            var_files: Some("0123456789abcdef0123".into()),
            ..Made::default()
        };
        let made = MadeOf { made, plugins: vec!["vsphere v2.1.0".into()] };
        let moid = Moid("vm-7".into());
        let claim =
            Claim::new(Key("a".into()), &Actor("mona@ops3".into()), "r1".into(), moid.clone(), jiff::Timestamp::now());
        let notes = made.write(&claim.ended(&claim.write("for the web team\r\n")));
        let vm = Vm { annotation: notes.clone(), ..Vm::named(moid, "a") };
        let MadeOf { made: told, plugins } = MadeOf::of(&vm).unwrap();
        assert_eq!(plugins, made.plugins);
        assert_eq!(told.said(), "commit 4f2a91c, changed · debian-12.15.0.iso · by mona@ops3");
        assert_eq!((told.commit.as_deref(), told.var_files.as_deref()), (Some("4f2a91c07be1"), Some("0123456789ab")));
        assert_eq!(crate::generation::written_by_people(&notes).collect::<Vec<_>>(), ["for the web team"]);
        assert!(Claim::of(&vm).is_none() && Claim::origin(&vm).is_some());
        let again = MadeOf { made: Made { by: "else".into(), ..made.made }, ..made }.write(&notes);
        assert_eq!((again.matches("tmpl-tui made").count(), again.starts_with("for the web team\r\n")), (1, true));
        assert_eq!(MadeOf::of(&Vm { annotation: "tmpl-tui made: by hand".into(), ..vm }), None);
    }
}

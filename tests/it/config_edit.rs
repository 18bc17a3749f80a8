//! A change of the configuration touches what it names, and nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::*;
use smtp_appliance::config::edit::{Change, Edit, EditError, PersonUpdate, apply, edit};
use smtp_appliance::config::{ChannelName, Config, Person};

const FILE: &str = "\
# The night watch.
[appliance]   # here
language = 'es'   # Spanish

# Everybody.

# Ana, on Mondays.
[[person]]
name = \"ana\" # she
phone = '+34 600 000 001'
groups = [ \"oncall\" , \"dba\" ]
# extension = \"101\"

# Ben, on Tuesdays.
[[person]]
name = \"ben\"
mail = \"ben@example.org\"
groups = [\"oncall\"]

[aliases]
root = [\"ana\", \"ben\"]   # both
databases = [\"dba\"]
boss = [\"ANA\"]

# The relay comes next week.
[mail]
enabled = false # not yet
";

fn person(name: &str) -> Person {
    Person {
        name: name.parse().unwrap(),
        mail: Some(format!("{name}@example.org").parse().unwrap()),
        phone: None,
        extension: None,
        language: None,
        voice: None,
        groups: ["oncall".parse().unwrap()].into(),
    }
}

/// The lines that went (`-`) and came (`+`), and what was noted.
fn difference(edit: &Edit) -> String {
    let edited = apply(FILE, edit).unwrap();
    let only = |text: &str, other: &str, mark: char| -> String {
        let others: Vec<&str> = other.lines().collect();
        let own = text.lines().filter(|line| !others.contains(line));
        own.flat_map(|line| [mark.to_string(), line.to_owned(), "\n".to_owned()]).collect()
    };
    let notes = edited.notes.iter().map(|note| format!("note: {note}\n"));
    only(FILE, &edited.text, '-') + &only(&edited.text, FILE, '+') + &notes.collect::<String>()
}

#[test]
fn a_person_is_added_after_the_others() {
    insta::assert_snapshot!(difference(&Edit::AddPerson(Box::new(person("eva")))), @r##"
    +name = "eva"
    +mail = "eva@example.org"
    "##);
}

#[test]
fn a_value_changes_and_the_comment_behind_it_stays() {
    insta::assert_snapshot!(difference(&Edit::SetLanguage("en".parse().unwrap())), @r##"
    -language = 'es'   # Spanish
    +language = "en"   # Spanish
    "##);
    insta::assert_snapshot!(difference(&Edit::SwitchChannel(ChannelName::Mail, true)), @r##"
    -enabled = false # not yet
    +enabled = true # not yet
    "##);
}

#[test]
fn a_missing_section_is_made() {
    insta::assert_snapshot!(difference(&Edit::SetFullText(true)), @r##"
    +[sms]
    +full_text = true
    "##);
    let order = vec![ChannelName::Sms, ChannelName::Mail];
    insta::assert_snapshot!(difference(&Edit::OrderChannels(order)), @r##"
    +[channels]
    +order = ["sms", "mail"]
    "##);
}

#[test]
fn a_person_changes() {
    let update = PersonUpdate {
        phone: Change::Set("+34 600 000 002".parse().unwrap()),
        language: Change::Set("es-GT".parse().unwrap()),
        ..PersonUpdate::default()
    };
    let edit = Edit::UpdatePerson("ana".parse().unwrap(), Box::new(update));
    insta::assert_snapshot!(difference(&edit), @r##"
    -phone = '+34 600 000 001'
    +phone = "+34600000002"
    +language = "es-GT"
    "##);
    let update = PersonUpdate { groups: Change::Clear, ..PersonUpdate::default() };
    let edit = Edit::UpdatePerson("ben".parse().unwrap(), Box::new(update));
    insta::assert_snapshot!(difference(&edit), @r##"-groups = ["oncall"]"##);
}

#[test]
fn a_person_goes_with_her_comments_and_out_of_the_aliases() {
    insta::assert_snapshot!(difference(&Edit::RemovePerson("ana".parse().unwrap())), @r##"
    -# Ana, on Mondays.
    -name = "ana" # she
    -phone = '+34 600 000 001'
    -groups = [ "oncall" , "dba" ]
    -# extension = "101"
    -root = ["ana", "ben"]   # both
    -databases = ["dba"]
    -boss = ["ANA"]
    +root = ["ben"]   # both
    note: the alias "root" no longer means "ana"
    note: the alias "databases" meant nobody else and is removed too
    note: the alias "boss" meant nobody else and is removed too
    "##);
    insta::assert_snapshot!(difference(&Edit::RemovePerson("ben".parse().unwrap())), @r##"
    -# Ben, on Tuesdays.
    -name = "ben"
    -mail = "ben@example.org"
    -groups = ["oncall"]
    -root = ["ana", "ben"]   # both
    +root = ["ana"]   # both
    note: the alias "root" no longer means "ben"
    "##);
}

#[test]
fn the_gap_a_person_leaves_is_closed() {
    let edited = apply(FILE, &Edit::RemovePerson("ana".parse().unwrap())).unwrap();
    assert!(edited.text.contains("# Everybody.\n\n# Ben, on Tuesdays.\n[[person]]\n"));
    let added = apply(FILE, &Edit::AddPerson(Box::new(person("eva")))).unwrap();
    assert!(added.text.contains("[\"oncall\"]\n\n[[person]]\nname = \"eva\""), "{}", added.text);
    assert!(added.text.contains("groups = [\"oncall\"]\n\n[aliases]\n"), "{}", added.text);
}

#[test]
fn people_on_one_line_are_changed_there() {
    let text = "person = [ { name = \"ana\", phone = \"112\" }, { name = \"ben\" } ] # all\n";
    let after = |text: &str, edit: &Edit| apply(text, edit).unwrap().text;
    let added = after(text, &Edit::AddPerson(Box::new(person("eva"))));
    insta::assert_snapshot!(added, @r##"person = [ { name = "ana", phone = "112" }, { name = "ben" }, { name = "eva", mail = "eva@example.org", groups = ["oncall"] } ] # all"##);
    let update = PersonUpdate { phone: Change::Clear, ..PersonUpdate::default() };
    let edit = Edit::UpdatePerson("ana".parse().unwrap(), Box::new(update));
    insta::assert_snapshot!(after(text, &edit), @r##"person = [ { name = "ana" }, { name = "ben" } ] # all"##);
    let removed = after(text, &Edit::RemovePerson("ana".parse().unwrap()));
    insta::assert_snapshot!(removed, @r##"person = [ { name = "ben" } ] # all"##);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |edit: &Edit| apply(FILE, edit).unwrap_err().to_string();
    let same = Edit::AddPerson(Box::new(person("ana")));
    assert_eq!(refused(&same), "there is already a person named \"ana\"");
    let unknown = Edit::RemovePerson("eva".parse().unwrap());
    assert_eq!(refused(&unknown), "there is no person named \"eva\"");
    let group = Edit::AddPerson(Box::new(person("oncall")));
    insta::assert_snapshot!(refused(&group), @r##"
    this would make the file wrong, so it was left as it is:
      person.groups: "oncall" is the name of a person and of a group
    "##);
    let update = PersonUpdate { groups: Change::Clear, ..PersonUpdate::default() };
    let last = Edit::UpdatePerson("ana".parse().unwrap(), Box::new(update));
    insta::assert_snapshot!(refused(&last), @r##"
    this would make the file wrong, so it was left as it is:
      aliases.databases: there is no person and no group named "dba"
    "##);
}

#[test]
fn what_is_so_already_stays_to_the_byte() {
    for edit in [Edit::SetFullText(false), Edit::SwitchChannel(ChannelName::Mail, false)] {
        let edited = apply(FILE, &edit).unwrap();
        assert!(!edited.changed && edited.text == FILE);
    }
}

#[test]
fn a_file_from_windows_stays_one() {
    let edited = apply(&FILE.replace('\n', "\r\n"), &Edit::SetFullText(true)).unwrap();
    assert_eq!(edited.text.matches('\n').count(), edited.text.matches("\r\n").count());
    let removed =
        apply(&FILE.replace('\n', "\r\n"), &Edit::RemovePerson("ana".parse().unwrap())).unwrap();
    assert!(!removed.text.contains("Mondays"), "{}", removed.text);
}

#[test]
fn mode_and_link_of_the_file_stay_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.toml"), folder.path().join("config.toml"));
    fs::write(&real, FILE).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    fs::write(folder.path().join(".real.toml.new"), "left by a power cut").unwrap();
    assert!(edit(&link, &Edit::SetFullText(true)).unwrap().changed);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(Config::load(&link).unwrap().config.sms.full_text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_refused_change_leaves_the_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    for text in [FILE.to_owned(), format!("{FILE}\nport = = 1\n")] {
        fs::write(&file, &text).unwrap();
        edit(&file, &Edit::AddPerson(Box::new(person("oncall")))).unwrap_err();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let missing = edit(Path::new("/nonexistent/config.toml"), &Edit::SetFullText(true));
    assert!(matches!(missing, Err(EditError::Load(_))), "{missing:?}");
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, FILE).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || {
                edit(file, &Edit::AddPerson(Box::new(person(&format!("p{number}"))))).unwrap();
            });
        }
    });
    assert_eq!(Config::load(&file).unwrap().config.directory.people.len(), 10);
}

fn some_name() -> impl Strategy<Value = String> {
    prop_oneof![Just("ana"), Just("ben"), Just("eva"), Just("oncall")].prop_map(str::to_owned)
}

fn some_change<T: Clone + std::fmt::Debug + 'static>(
    values: Vec<T>,
) -> impl Strategy<Value = Change<T>> {
    let set = prop::sample::select(values).prop_map(Change::Set);
    prop_oneof![Just(Change::Keep), Just(Change::Clear), set]
}

fn some_edit() -> impl Strategy<Value = Edit> {
    let update = (
        some_change(vec!["a@example.org".parse().unwrap()]),
        some_change(vec!["112".parse().unwrap(), "+34600".parse().unwrap()]),
        some_change(vec!["(7*+'".parse().unwrap(), "101".parse().unwrap()]),
        some_change(vec![["oncall".parse().unwrap()].into(), ["x".parse().unwrap()].into()]),
    );
    let update = update.prop_map(|(mail, phone, extension, groups)| {
        Box::new(PersonUpdate {
            mail,
            phone,
            extension,
            language: Change::Keep,
            voice: Change::Keep,
            groups,
        })
    });
    let channel = || prop::sample::select(ChannelName::ALL.to_vec());
    prop_oneof![
        some_name().prop_map(|name| Edit::AddPerson(Box::new(person(&name)))),
        (some_name(), update)
            .prop_map(|(name, update)| Edit::UpdatePerson(name.parse().unwrap(), update)),
        some_name().prop_map(|name| Edit::RemovePerson(name.parse().unwrap())),
        (channel(), any::<bool>()).prop_map(|(name, on)| Edit::SwitchChannel(name, on)),
        prop::collection::vec(channel(), 0..3).prop_map(Edit::OrderChannels),
        any::<bool>().prop_map(Edit::SetFullText),
    ]
}

/// Files of many forms, all right.
fn some_file() -> impl Strategy<Value = String> {
    let people = prop::sample::select(vec![
        "",
        "[[person]]\nname = 'ana'\n#x\n[[person]]\nname='ben'\ngroups = ['oncall']",
        "[[person]]\nname = 'ana'\nextension = '''\n# no comment'''\n# hers\n\n# not hers",
        "[[person]]\n\n\n\n# c\nname = \"Ana\" # d\n\n[aliases]\nroot = [ # e\n  'ana', # f\n]",
    ]);
    let rest = prop::sample::select(vec![
        "",
        "\n[sms]\n# a\nfull_text = true # b\n# c\n",
        "\n[mail.retry]\nfirst = 1\n\n[sms.retry]\nfirst = 2",
        "\n[[smtp.listener]]\naddress = '127.0.0.1:0'\n[smtp.retry]\n",
        "\n[channels]\norder = [\n  # best\n  'sms',\n]\n# end",
    ]);
    let first = prop::sample::select(vec![
        "",
        "sms.full_text = true\n",
        "sms = { full_text = true }\n",
        "# x\n\n",
    ]);
    (first, people, rest).prop_map(|(first, people, rest)| format!("{first}{people}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is changed, in whatever file: the result is right, and says what was asked.
    #[test]
    fn changes_never_break_a_file(file in some_file(), edits in prop::collection::vec(some_edit(), 1..6)) {
        let mut text = file;
        for edit in edits {
            let Ok(edited) = apply(&text, &edit) else { continue };
            let config = Config::parse(&edited.text).unwrap().config;
            let people = &config.directory.people;
            match &edit {
                Edit::AddPerson(person) => prop_assert_eq!(people.get(&person.name), Some(&**person)),
                Edit::UpdatePerson(name, _) => prop_assert!(people.contains_key(name)),
                Edit::RemovePerson(name) => prop_assert!(!people.contains_key(name)),
                Edit::SwitchChannel(name, on) => {
                    // There is no account.
                    let on = *on && !name.is_by_sip();
                    prop_assert_eq!(config.channels.enabled.contains(name), on);
                }
                Edit::OrderChannels(_) | Edit::SetLanguage(_) => {}
                Edit::SetFullText(on) => prop_assert_eq!(config.sms.full_text, *on),
                Edit::SetGroup(..)
                | Edit::SetTable(..)
                | Edit::RemoveTable(..)
                | Edit::Several(_) => {
                    prop_assert!(false, "not made here");
                }
            }
            text = edited.text;
        }
    }
}

use std::path::Path;
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, Row, params};

use crate::{Event, Kind, Source, Store};

/// Events that are kept, at most: a few megabytes.
const MAX_EVENTS: i64 = 100_000;

/// The oldest events go in batches of so many.
const BATCH: i64 = 256;

/// How long one waits for another process that writes: a suggestion waits too.
const BUSY: Duration = Duration::from_millis(50);

/// The layout of the table, which `user_version` names.
const VERSION: i64 = 1;

const TABLE: &str = "
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at_s INTEGER NOT NULL,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        language TEXT NOT NULL,
        characters INTEGER NOT NULL,
        latency_ms INTEGER NOT NULL
    ) STRICT;
    PRAGMA user_version = 1;
";

/// A [`Store`] in a SQLite database, which several processes may use at once.
pub struct Sqlite {
    connection: Connection,
    max_events: i64,
}

impl Sqlite {
    /// Opens the database at `path`, or makes it in a folder that is there.
    pub fn open(path: &Path) -> Result<Sqlite, String> {
        let opened = Connection::open(path).and_then(Sqlite::prepared);
        opened.map_err(|error| broken(path, &error))
    }

    /// Opens a database to read it; none where there is no file.
    pub fn open_existing(path: &Path) -> Result<Option<Sqlite>, String> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).and_then(Sqlite::prepared);
        opened.map(Some).map_err(|error| broken(path, &error))
    }

    fn prepared(mut connection: Connection) -> rusqlite::Result<Sqlite> {
        connection.busy_timeout(BUSY)?;
        // A commit is an append to the log; the system's crash may lose the last ones, the process's none.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        match transaction.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? {
            0 => transaction.execute_batch(TABLE)?,
            VERSION => {}
            other => return Err(rusqlite::Error::IntegralValueOutOfRange(0, other)),
        }
        transaction.commit()?;
        Ok(Sqlite { connection, max_events: MAX_EVENTS })
    }

    fn insert(&self, at_s: i64, event: &Event) -> rusqlite::Result<()> {
        let Event { kind, source, language, characters, latency_ms } = event;
        self.connection
            .prepare_cached(
                "INSERT INTO event (at_s, kind, source, language, characters, latency_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![at_s, kind.name(), source.name(), language, characters, latency_ms])?;
        let id = self.connection.last_insert_rowid();
        if id % BATCH == 0 {
            self.connection.execute("DELETE FROM event WHERE id <= ?1", [id - self.max_events])?;
        }
        Ok(())
    }

    fn select(&self, since_s: i64) -> rusqlite::Result<Vec<(String, Event)>> {
        let mut statement = self.connection.prepare(
            "SELECT date(at_s, 'unixepoch'), kind, source, language, characters, latency_ms
             FROM event WHERE at_s >= ?1 ORDER BY id",
        )?;
        statement.query_map([since_s], |row| Ok((row.get(0)?, event(row)?)))?.collect()
    }
}

impl Store for Sqlite {
    fn record(&self, at_s: i64, event: &Event) -> Result<(), String> {
        self.insert(at_s, event).map_err(|error| self.failed(&error))
    }

    fn read(&self, since_s: i64) -> Result<Vec<(String, Event)>, String> {
        self.select(since_s).map_err(|error| self.failed(&error))
    }
}

impl Sqlite {
    fn failed(&self, error: &rusqlite::Error) -> String {
        broken(Path::new(self.connection.path().unwrap_or_default()), error)
    }
}

fn broken(path: &Path, error: &rusqlite::Error) -> String {
    let path = path.display();
    match error {
        rusqlite::Error::IntegralValueOutOfRange(_, version) => {
            format!("{path} is of version {version}, which this program does not know; remove or update it")
        }
        error => match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                format!("{path} is broken ({error}); remove it to begin anew")
            }
            _ => format!("cannot use {path}: {error}"),
        },
    }
}

fn event(row: &Row) -> rusqlite::Result<Event> {
    let (kind, source): (String, String) = (row.get(1)?, row.get(2)?);
    let unknown = |column, name: &str| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, format!("unknown: {name}").into())
    };
    let kinds = Kind::ALL.into_iter().find(|known| known.name() == kind);
    let sources = [Source::Inferred, Source::Reported].into_iter().find(|known| known.name() == source);
    Ok(Event {
        kind: kinds.ok_or_else(|| unknown(1, &kind))?,
        source: sources.ok_or_else(|| unknown(2, &source))?,
        language: row.get(3)?,
        characters: row.get(4)?,
        latency_ms: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use super::*;

    /// A path where no database is yet.
    fn fresh(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("inkling-metrics-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder.join("metrics.db")
    }

    fn shown(characters: u32) -> Event {
        Event {
            kind: Kind::Shown,
            source: Source::Reported,
            language: "Rust".to_string(),
            characters,
            latency_ms: 7,
        }
    }

    #[test]
    fn events_come_back_with_their_days() {
        let path = fresh("back");
        let accepted = Event { kind: Kind::Accepted, source: Source::Inferred, ..shown(3) };
        let store = Sqlite::open(&path).unwrap();
        store.record(86_399, &shown(1)).unwrap();
        store.record(86_400, &accepted).unwrap();
        let other = Sqlite::open_existing(&path).unwrap().unwrap();
        let expected = [("1970-01-01".to_string(), shown(1)), ("1970-01-02".to_string(), accepted)];
        assert_eq!(other.read(0).unwrap(), expected);
        assert_eq!(other.read(86_400).unwrap(), expected[1..]);
    }

    #[test]
    fn the_oldest_events_go() {
        let mut store = Sqlite::open(&fresh("oldest")).unwrap();
        store.max_events = 100;
        (1..=600).for_each(|n| store.record(0, &shown(n)).unwrap());
        let left = store.read(0).unwrap();
        assert!((100..100 + BATCH as usize).contains(&left.len()), "{}", left.len());
        assert_eq!(left.last().unwrap().1, shown(600));
    }

    #[test]
    fn a_broken_database_says_what_to_do_and_is_left_alone() {
        let path = fresh("broken");
        std::fs::write(&path, [7; 4096]).unwrap();
        let error = Sqlite::open(&path).err().unwrap();
        assert!(error.contains("is broken") && error.contains("remove it"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), [7; 4096]);
    }

    #[test]
    fn a_full_disk_is_an_error_and_keeps_what_is_there() {
        let store = Sqlite::open(&fresh("full")).unwrap();
        store.record(0, &shown(1)).unwrap();
        // SQLite's own bound gives the error that a full disk gives.
        store.connection.pragma_update(None, "max_page_count", 1).unwrap();
        let n = (2..2_000).find(|n| store.record(0, &shown(*n)).is_err()).unwrap();
        let error = store.record(0, &shown(n)).unwrap_err();
        assert!(error.contains("full"), "{error}");
        assert_eq!(store.read(0).unwrap().len() as u32, n - 1);
    }

    const CHILD: &str = "INKLING_METRICS_CHILD";

    /// Not a test by itself: the process that the next test kills.
    #[test]
    fn child_that_writes_until_it_is_killed() {
        let Some(path) = std::env::var_os(CHILD) else { return };
        let store = Sqlite::open(Path::new(&path)).unwrap();
        for n in 1.. {
            store.record(0, &shown(n)).unwrap();
            println!("\nkept {n}");
        }
    }

    #[test]
    fn what_was_kept_survives_a_kill() {
        let path = fresh("kill");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::tests::child_that_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line == "kept 50"));
        child.kill().unwrap();
        child.wait().unwrap();
        let said = lines.filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).last().unwrap_or(50);
        let kept = Sqlite::open(&path).unwrap().read(0).unwrap();
        // The child may have been between keeping an event and saying so.
        assert!((said..=said + 1).contains(&kept.len()), "{} of {said}", kept.len());
        assert_eq!(kept.last().unwrap().1, shown(kept.len() as u32));
    }
}

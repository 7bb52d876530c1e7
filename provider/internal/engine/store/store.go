// Package store keeps the engine's resources and their tags in one SQLite file.
//
// Records go in and come out whole, as documents with a few indexed columns;
// lists are read page by page from an index, so a page costs the same in a store
// of a hundred records and of a hundred thousand. Every change is one transaction,
// and a process killed at any moment leaves the state before or after it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
)

// schemaVersion is kept in the file's user_version. A file of a later version is
// refused: an older engine must not write what it does not understand.
const schemaVersion = 1

const schema = `
CREATE TABLE resources (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	kind      TEXT NOT NULL,
	region    TEXT NOT NULL,
	name      TEXT NOT NULL,
	sort_name TEXT NOT NULL,
	family    TEXT NOT NULL,
	status    TEXT NOT NULL,
	approval  TEXT NOT NULL,
	created   INTEGER NOT NULL,
	modified  INTEGER NOT NULL,
	document  BLOB NOT NULL,
	UNIQUE (kind, region, name)
) STRICT;
CREATE INDEX resources_by_creation ON resources (kind, region, created, id);
CREATE INDEX resources_by_name     ON resources (kind, region, sort_name, id);
CREATE INDEX resources_by_status   ON resources (kind, region, status, created, id);
CREATE INDEX resources_by_family   ON resources (kind, region, family, created, id);
CREATE INDEX resources_alive       ON resources (kind, status);
CREATE TABLE tags (
	arn   TEXT NOT NULL,
	key   TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (arn, key)
) STRICT, WITHOUT ROWID;
`

// ErrNotFound says that there is no such record.
var ErrNotFound = errors.New("no such record")

// ErrExists says that a record of this kind, region and name is there already.
var ErrExists = errors.New("record exists")

// Kind is a kind of resource, spelled as in its ARN.
type Kind string

// The kinds the engine keeps.
const (
	TrainingJob       Kind = "training-job"
	ProcessingJob     Kind = "processing-job"
	ModelPackageGroup Kind = "model-package-group"
	ModelPackage      Kind = "model-package"
	Model             Kind = "model"
	EndpointConfig    Kind = "endpoint-config"
	Endpoint          Kind = "endpoint"
)

// Record is one stored resource.
type Record struct {
	ID       int64 // grows with every insert, breaks ties between equal times
	Kind     Kind
	Region   string
	Name     string // unique in kind and region; "group/7" for a version
	SortName string // Name when empty; what lists by name sort on
	Family   string // the group of a model package version
	Status   string
	Approval string // a model package's approval status
	Created  time.Time
	Modified time.Time
	Document api.Document
}

// ARN returns the record's ARN.
func (r *Record) ARN() string { return api.ResourceARN(r.Region, string(r.Kind), r.Name) }

// Tag is one tag of a resource.
type Tag struct{ Key, Value string }

// Store is an open store. Its methods may be called concurrently.
type Store struct {
	path  string
	write *sql.DB // one connection: writers queue here instead of failing as busy
	read  *sql.DB
}

// Open opens or makes the store at path. A file that is not a sound database of a
// known schema is refused with what to do about it, and left as it is.
func Open(ctx context.Context, path string) (*Store, error) {
	info, err := os.Stat(path)
	fresh := errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("look at the engine's store: %w", err)
	}
	s := &Store{path: path}
	if s.write, err = connect(path, "_txlock=immediate"); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = connect(path, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, s.write.Close())
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4)
	if fresh {
		err = s.create(ctx)
	} else {
		err = s.verify(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func connect(path, option string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=foreign_keys(1)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)&" + option
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open the engine's store %s: %w", path, err)
	}
	return db, nil
}

func (s *Store) create(ctx context.Context) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
		return err
	})
}

func (s *Store) verify(ctx context.Context) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return s.openError(err)
	}
	if version != schemaVersion {
		return fmt.Errorf("the engine's store %s has schema version %d and this engine knows %d: use the engine that wrote it, or move the data directory away to start empty", s.path, version, schemaVersion)
	}
	// A trigger, a view or a table that no engine makes would run inside the engine's own statements.
	var foreign sql.NullString
	if err := s.write.QueryRowContext(ctx, "SELECT min(type || ' ' || name) FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR tbl_name NOT IN ('resources', 'tags', 'sqlite_sequence')").Scan(&foreign); err != nil {
		return s.openError(err)
	}
	if foreign.Valid {
		return fmt.Errorf("the engine's store %s has a %s that no engine made, and is not opened: restore it from a backup, or move the data directory away to start empty", s.path, foreign.String)
	}
	var finding string
	if err := s.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&finding); err != nil {
		return s.openError(err)
	}
	if finding != "ok" {
		return s.corrupt(finding)
	}
	return nil
}

func (s *Store) openError(err error) error {
	switch code := errorCode(err); code {
	case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
		return s.corrupt(err.Error())
	default:
		return s.explain(err)
	}
}

func (s *Store) corrupt(finding string) error {
	return fmt.Errorf("the engine's store %[1]s is corrupted (%[2]s) and was left untouched: restore it from a backup; "+
		"or salvage it with `sqlite3 %[1]s .recover | sqlite3 salvaged.db` and move salvaged.db over it; "+
		"or move %[1]s, %[1]s-wal and %[1]s-shm away to start without jobs, packages and endpoints (objects in S3 stay)", s.path, finding)
}

// explain puts what a user can do in front of SQLite's own words.
func (s *Store) explain(err error) error {
	switch errorCode(err) {
	case sqlitelib.SQLITE_FULL:
		return fmt.Errorf("%w (%w)", api.DiskFull.With(s.path), err)
	case sqlitelib.SQLITE_READONLY:
		return fmt.Errorf("%w (%w)", api.ReadOnlyStore.With(s.path), err)
	case sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_PERM:
		return fmt.Errorf("%w (%w)", api.UnopenedStore.With(s.path), err)
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
		return fmt.Errorf("%w (%w)", api.LockedStore.With(s.path), err)
	case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
		return s.corrupt(err.Error())
	}
	return fmt.Errorf("engine's store %s: %w", s.path, err)
}

// Unwritable tells whether err says that the store takes no writes at present, such as of a full disk: the same write may pass later.
func Unwritable(err error) bool {
	switch errorCode(err) {
	case sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
		return true
	}
	return false
}

// errorCode returns SQLite's primary result code, or 0.
func errorCode(err error) int {
	var failure *sqlite.Error
	if errors.As(err, &failure) {
		return failure.Code() & 0xff
	}
	return 0
}

// Close closes the store.
func (s *Store) Close() error {
	// Readers first: the last connection to close folds the log into the file.
	return errors.Join(s.read.Close(), s.write.Close())
}

func (s *Store) transact(ctx context.Context, change func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.explain(err)
	}
	if err := change(tx); err != nil {
		// The change's own error says more than a failing rollback could.
		_ = tx.Rollback()
		if errorCode(err) != 0 {
			return s.explain(err)
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return s.explain(err)
	}
	return nil
}

const columns = "id, kind, region, name, sort_name, family, status, approval, created, modified, document"

type scanner interface{ Scan(...any) error }

func scan(row scanner) (*Record, error) {
	var (
		r                 Record
		created, modified int64
		body              []byte
	)
	if err := row.Scan(&r.ID, &r.Kind, &r.Region, &r.Name, &r.SortName, &r.Family, &r.Status, &r.Approval, &created, &modified, &body); err != nil {
		return nil, err
	}
	document, err := api.DecodeDocument(body)
	if err != nil {
		return nil, fmt.Errorf("record %s %s: %w", r.Kind, r.Name, err)
	}
	r.Created, r.Modified, r.Document = time.UnixMicro(created).UTC(), time.UnixMicro(modified).UTC(), document
	return &r, nil
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func get(ctx context.Context, q querier, kind Kind, region, name string) (*Record, error) {
	row := q.QueryRowContext(ctx, "SELECT "+columns+" FROM resources WHERE kind = ? AND region = ? AND name = ?", kind, region, name)
	record, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return record, err
}

// Get returns a record, or ErrNotFound.
func (s *Store) Get(ctx context.Context, kind Kind, region, name string) (*Record, error) {
	record, err := get(ctx, s.read, kind, region, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, s.explain(err)
	}
	return record, err
}

// Insert adds a record and its tags, or returns ErrExists. It sets the record's ID.
func (s *Store) Insert(ctx context.Context, record *Record, tags []Tag) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		return insert(ctx, tx, record, tags)
	})
}

// InsertMember adds a record to the family of a parent: in one transaction it reads
// and changes the parent (which counts its members) and inserts. prepare gets the
// parent's record, changes it, and returns the new member.
func (s *Store) InsertMember(ctx context.Context, parentKind Kind, region, family string, prepare func(*Record) (*Record, error)) (*Record, error) {
	var member *Record
	err := s.transact(ctx, func(tx *sql.Tx) error {
		parent, err := get(ctx, tx, parentKind, region, family)
		if err != nil {
			return err
		}
		if member, err = prepare(parent); err != nil {
			return err
		}
		if err := update(ctx, tx, parent); err != nil {
			return err
		}
		return insert(ctx, tx, member, nil)
	})
	return member, err
}

func insert(ctx context.Context, tx *sql.Tx, r *Record, tags []Tag) error {
	if r.SortName == "" {
		r.SortName = r.Name
	}
	body, err := r.Document.Encode()
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx,
		"INSERT INTO resources (kind, region, name, sort_name, family, status, approval, created, modified, document) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (kind, region, name) DO NOTHING",
		r.Kind, r.Region, r.Name, r.SortName, r.Family, r.Status, r.Approval, r.Created.UnixMicro(), r.Modified.UnixMicro(), body)
	if err != nil {
		return err
	}
	if added, err := result.RowsAffected(); err != nil || added == 0 {
		return errors.Join(err, ErrExists)
	}
	if r.ID, err = result.LastInsertId(); err != nil {
		return err
	}
	return putTags(ctx, tx, r.ARN(), tags)
}

func update(ctx context.Context, tx *sql.Tx, r *Record) error {
	body, err := r.Document.Encode()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE resources SET status = ?, approval = ?, modified = ?, document = ? WHERE id = ?",
		r.Status, r.Approval, r.Modified.UnixMicro(), body, r.ID)
	return err
}

// Update changes a record in one transaction and returns it as stored. An error of
// change leaves the record as it was and is returned as it is.
func (s *Store) Update(ctx context.Context, kind Kind, region, name string, change func(*Record) error) (*Record, error) {
	var record *Record
	err := s.transact(ctx, func(tx *sql.Tx) error {
		var err error
		if record, err = get(ctx, tx, kind, region, name); err != nil {
			return err
		}
		if err := change(record); err != nil {
			return err
		}
		return update(ctx, tx, record)
	})
	return record, err
}

// Delete removes a record and its tags in one transaction. check, which may be nil,
// sees the record first; its error keeps it. blockedBy, when not empty, is a kind
// whose records of this family keep the record too: then ErrExists is returned.
func (s *Store) Delete(ctx context.Context, kind Kind, region, name string, blockedBy Kind, check func(*Record) error) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		record, err := get(ctx, tx, kind, region, name)
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(record); err != nil {
				return err
			}
		}
		if blockedBy != "" {
			var blocked bool
			if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM resources WHERE kind = ? AND region = ? AND family = ?)",
				blockedBy, region, name).Scan(&blocked); err != nil {
				return err
			}
			if blocked {
				return ErrExists
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM tags WHERE arn = ?", record.ARN()); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM resources WHERE id = ?", record.ID)
		return err
	})
}

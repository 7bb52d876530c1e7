package store

import (
	"context"
	"database/sql"
	"errors"
)

// MaxTags is how many tags a resource can have.
const MaxTags = 50

// ErrTooManyTags says that a resource would have more than MaxTags tags.
var ErrTooManyTags = errors.New("more than 50 tags")

func putTags(ctx context.Context, tx *sql.Tx, arn string, tags []Tag) error {
	for _, tag := range tags {
		if _, err := tx.ExecContext(ctx, "INSERT INTO tags (arn, key, value) VALUES (?,?,?) ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value",
			arn, tag.Key, tag.Value); err != nil {
			return err
		}
	}
	return nil
}

// AddTags sets tags of a resource, or returns ErrTooManyTags and sets none.
func (s *Store) AddTags(ctx context.Context, arn string, tags []Tag) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		if err := putTags(ctx, tx, arn, tags); err != nil {
			return err
		}
		var count int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM tags WHERE arn = ?", arn).Scan(&count); err != nil {
			return err
		}
		if count > MaxTags {
			return ErrTooManyTags
		}
		return nil
	})
}

// DeleteTags removes tags of a resource by key; keys it lacks are no error.
func (s *Store) DeleteTags(ctx context.Context, arn string, keys []string) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, "DELETE FROM tags WHERE arn = ? AND key = ?", arn, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tags returns the tags of a resource in the order of their keys, at most limit of
// those after the key after.
func (s *Store) Tags(ctx context.Context, arn, after string, limit int) ([]Tag, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT key, value FROM tags WHERE arn = ? AND key > ? ORDER BY key LIMIT ?", arn, after, limit)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var tags []Tag
	for rows.Next() {
		var tag Tag
		if err := rows.Scan(&tag.Key, &tag.Value); err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, rows.Err()
}

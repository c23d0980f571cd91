package main

import (
	"context"
	"strings"

	"connsync/apply"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// maxVersion is the size of the largest manifest to be looked into.
const maxVersion = 1 << 20

// versions are the manifests in the history of the commit, wherever they stood; nil where there is no history.
func (s *source) versions(p manifest.Project) apply.Versions {
	if s.repo == nil || s.commit.Hash == "" {
		return nil
	}
	return func(ctx context.Context, each func(file string, data []byte)) error {
		seen := map[string]bool{}
		yaml := func(file string) bool {
			return p.Reads(file) || strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml")
		}
		_, err := s.repo.Since("", s.commit.Hash, yaml, func(v gitfs.Version) error {
			if seen[v.Blob] || ctx.Err() != nil {
				return ctx.Err()
			}
			seen[v.Blob] = true
			if text, err := v.Read(); err == nil && len(text) <= maxVersion {
				each(v.File, text)
			}
			return nil
		})
		return err
	}
}

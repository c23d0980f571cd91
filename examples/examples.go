// Package examples holds the CI samples, as they are written into a new repository.
package examples

import "embed"

// Files are the samples, by their names in this folder.
//
//go:embed github-actions.yaml gitlab-ci.yaml bitbucket-pipelines.yaml azure-pipelines.yaml Jenkinsfile
var Files embed.FS

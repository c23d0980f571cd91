package main

import (
	"connsync/cmd/connsync/render"
	"connsync/secrets/sops"
)

// Values of commands that change files, as docs/json.md has them. None holds a value of a setting.
type (
	editedSetting struct {
		render.Answer
		Target     string `json:"target"`
		Connection string `json:"connection"`
		Setting    string `json:"setting"`
		File       string `json:"file"`
		DryRun     bool   `json:"dry_run"`
		Changed    bool   `json:"changed"`
		Encrypted  bool   `json:"encrypted"`
		Sealed     bool   `json:"sealed"`
	}
	renamedConnection struct {
		render.Answer
		Target string `json:"target"`
		From   string `json:"from"`
		To     string `json:"to"`
		File   string `json:"file"`
		DryRun bool   `json:"dry_run"`
	}
	resealedFiles struct {
		render.Answer
		DryRun bool           `json:"dry_run"`
		Files  []resealedFile `json:"files"`
	}
	resealedFile struct {
		File      string   `json:"file"`
		Changed   bool     `json:"changed"`
		Encrypted []string `json:"encrypted,omitempty"`
		Decrypted []string `json:"decrypted,omitempty"`
		Selector  string   `json:"selector,omitempty"`
		MAC       string   `json:"mac,omitempty"`
		Added     []string `json:"recipients_added,omitempty"`
		Removed   []string `json:"recipients_removed,omitempty"`
		Sealed    int      `json:"sealed"`
	}
	signedFiles struct {
		render.Answer
		DryRun bool         `json:"dry_run"`
		Files  []signedFile `json:"files"`
	}
	signedFile struct {
		File        string   `json:"file"`
		Connections []string `json:"connections"`
	}
	mergedFile struct {
		render.Answer
		File string `json:"file"`
	}
	importedConnections struct {
		render.Answer
		DryRun  bool            `json:"dry_run"`
		Written []writtenImport `json:"written"`
		Adopted []adoptedImport `json:"adopted"`
		Left    []leftOutImport `json:"left_out"`
	}
	writtenImport struct {
		Target     string `json:"target"`
		Name       string `json:"name"`
		File       string `json:"file"`
		Incomplete bool   `json:"incomplete"`
	}
	adoptedImport struct {
		Target string `json:"target"`
		Name   string `json:"name"`
		ID     string `json:"id"`
		File   string `json:"file"`
	}
	leftOutImport struct {
		Target string `json:"target"`
		Name   string `json:"name"`
		ID     string `json:"id"`
		Why    string `json:"why"`
	}
	begunRepository struct {
		render.Answer
		DryRun     bool          `json:"dry_run"`
		Files      []begunFile   `json:"files"`
		Recipients []begunReader `json:"recipients"`
		NewKey     string        `json:"new_key,omitempty"` // the file of the key
		Import     any           `json:"import,omitempty"`
	}
	begunFile struct {
		File    string `json:"file"`
		Outcome string `json:"outcome"` // written, used, or left: is there and differs. With --dry-run written means: would be
	}
	begunReader struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
		From string `json:"from"`
	}
	demonstrated struct {
		render.Answer
		Passed bool `json:"passed"`
	}
	completionScript struct {
		render.Answer
		Shell  string `json:"shell"`
		Script string `json:"script"`
	}
	helpText struct {
		render.Answer
		Text string `json:"text"`
	}
)

func resealedFileOf(file string, did sops.Resealed, sealed int) resealedFile {
	out := resealedFile{File: file, Changed: did.Any(), Selector: did.Selector, MAC: did.Mode, Added: did.Added, Removed: did.Removed, Sealed: sealed}
	for _, p := range did.Encrypted {
		out.Encrypted = append(out.Encrypted, string(p))
	}
	for _, p := range did.Revealed {
		out.Decrypted = append(out.Decrypted, string(p))
	}
	return out
}

// answer is an import as a value.
func (i *importing) answer() any {
	out := &importedConnections{Answer: render.NewAnswer(), DryRun: i.cmd.DryRun, Written: []writtenImport{}, Adopted: []adoptedImport{}, Left: []leftOutImport{}}
	for _, m := range i.written {
		out.Written = append(out.Written, writtenImport{m.draft.Target, m.draft.Name, m.file, m.draft.Incomplete()})
	}
	for _, a := range i.adopted {
		out.Adopted = append(out.Adopted, adoptedImport{a.target, a.name, a.id, a.file})
	}
	for _, l := range i.left {
		out.Left = append(out.Left, leftOutImport{l.target, l.name, l.id, l.why})
	}
	return out
}

// answer is what a repository begins with, as a value.
func (s *starting) answer() *begunRepository {
	out := &begunRepository{Answer: render.NewAnswer(), DryRun: s.cmd.DryRun, Files: s.did, Recipients: []begunReader{}}
	for _, r := range s.recipients {
		out.Recipients = append(out.Recipients, begunReader{r.kind, r.id, r.from})
	}
	if s.newKey != nil {
		out.NewKey = s.newKey.file
	}
	return out
}

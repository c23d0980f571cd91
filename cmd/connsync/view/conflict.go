package view

import (
	"fmt"

	"connsync/diff"
	"connsync/manifest"
)

// warning is something to know; it stops nothing.
func warning(w diff.Warning) string {
	switch w.Kind {
	case diff.WarnDuplicate:
		return fmt.Sprintf("SecMaster has %s of this name (%s); they are not touched", Count(len(w.IDs), "more connection"), List(w.IDs))
	case diff.WarnPreviouslyIgnored:
		return "already renamed: delete the line  previously:"
	case diff.WarnProtected:
		return "protected: it is never deleted"
	case diff.WarnInUse:
		return "in use by a workflow: SecMaster does not allow to delete it"
	case diff.WarnBehind:
		return "undoes what was applied from " + CutHash(w.Commit) + ", which this commit does not contain"
	case diff.WarnName:
		return "the console makes names of letters, digits and _ only: SecMaster may refuse this one"
	case diff.WarnSpent:
		return "already adopted: delete the line  adopt:"
	case diff.WarnFailed:
		return "SecMaster shows it with the status FAILED: it may not work, whatever its settings"
	case diff.WarnDisabled:
		return "not enabled in SecMaster, and connsync cannot enable it: workflows may fail"
	case diff.WarnOtherwise:
		return "SecMaster shows a secret otherwise than connsync wrote it; connsync does not write it once more, unless --rewrite names the connection"
	case diff.WarnDiffers:
		return "SecMaster shows another value of a secret than Git has; the expected plan does not write it, and a sync without --expect-plan does"
	case diff.WarnNotWritten:
		return "in known state, but nothing shows that connsync wrote it: it is never deleted"
	}
	return string(w.Kind)
}

func warnings(ws []diff.Warning) []string {
	var out []string
	for _, w := range ws {
		out = append(out, warning(w))
	}
	return out
}

// Conflict is the story of a conflict in one line, and what to do about it.
func Conflict(c *diff.Change) (string, []string) {
	d := c.Conflict
	takeOver, byImport := adoptHint(c, first(d.IDs)), importHint(c)
	switch d.Kind {
	case diff.ConflictDiffers:
		return fmt.Sprintf("in SecMaster (%s), not written by connsync, and different: %s", List(d.IDs), List(Paths(d.Fields))), []string{takeOver, byImport}
	case diff.ConflictUnseen:
		return fmt.Sprintf("in SecMaster (%s), not written by connsync, and it shows too little to tell whether it is what is wanted: %s", List(d.IDs), List(Paths(d.Fields))),
			[]string{takeOver + ":  it is written once", byImport, "after known state was lost:  connsync state rebuild --adopt-by-name"}
	case diff.ConflictReplaced:
		return fmt.Sprintf("the connection that connsync wrote is gone, and another one (%s) has its name", List(d.IDs)), []string{takeOver, byImport}
	case diff.ConflictDuplicate:
		return fmt.Sprintf("SecMaster has %d connections of this name, none written by connsync: %s", len(d.IDs), List(d.IDs)),
			[]string{"choose one: add  adopt: ID  at " + c.Pos.String()}
	case diff.ConflictNameTaken:
		return fmt.Sprintf("in SecMaster under the name %s, and its wanted name belongs to another one (%s)", manifest.SaidName(c.From), List(d.IDs)),
			[]string{"rename or remove the other one in SecMaster, or here"}
	case diff.ConflictAdoptNone:
		return fmt.Sprintf("adopt names %s, and SecMaster has no such connection", List(d.IDs)), []string{"correct or remove the line  adopt:  at " + c.Pos.String()}
	case diff.ConflictAdoptBusy:
		return fmt.Sprintf("adopt names %s, which belongs to another wanted connection", List(d.IDs)), []string{"correct or remove the line  adopt:  at " + c.Pos.String()}
	case diff.ConflictPlugin:
		return "the workspace has no plugin " + c.Want.Plugin(), nearHint(d.Near)
	case diff.ConflictRename:
		return "previously names a connection that connsync did not write, or the new name belongs to another one: " + List(d.IDs),
			[]string{"correct or remove the line  previously:  at " + c.Pos.String()}
	case diff.ConflictHole:
		return "connsync wrote it, and these settings have no value any more: " + List(Paths(d.Fields)), []string{fillHint(c.Want)}
	case diff.ConflictBehind:
		return "last applied from commit " + CutHash(d.Commit) + ", which this commit does not contain: this would undo it",
			[]string{"bring that commit into this branch:  git pull --rebase", "or undo it on purpose:  connsync sync --allow-older"}
	}
	return secretsConflict(c)
}

// secretsConflict is Conflict where secrets would be sent in the clear, or to an address that no holder of the key confirmed.
func secretsConflict(c *diff.Change) (string, []string) {
	d := c.Conflict
	switch d.Kind {
	case diff.ConflictInClear:
		return "not sent: " + List(Paths(d.Fields)) + " in the clear, where the rule of " + c.Pos.File + " in .sops.yaml encrypts",
			[]string{"connsync reseal " + manifest.ShellWord(c.Pos.File), "to send it once more as it is, set  secrets: {rule: warn}  in connsync.yaml"}
	case diff.ConflictRepointed:
		return "this sends existing secrets to a new address: " + List(Paths(d.Fields)) + " changed, and the connection was not sealed since",
			[]string{manifest.SealHint(c.Pos.File), "or let review alone decide, in every sync:  secrets: {destinations: reviewed}  in connsync.yaml",
				"or accept it in this run:  connsync sync --new-destination " + manifest.ShellWord(manifest.PatternOf(c.Name))}
	case diff.ConflictUnsealed:
		if c.Known != nil && c.Known.Seal != nil && c.Known.Seal.Sealed {
			return "its seal is gone: it had one when it was last applied", unsealedHints(c)
		}
		return "it has secrets and no seal, and connsync.yaml wants one (secrets.destinations: sealed)", unsealedHints(c)
	case diff.ConflictResealed:
		return "not what was sealed: " + List(Paths(d.Fields)) + " changed, and the seal is still the one that was applied before",
			resealedHints(c)
	}
	return string(d.Kind), nil
}

// resealedHints: the MAC of the last apply covers what was in the clear then. Where it still stands in the file, and covers all values, the edit was made without the
// key, and the file cannot be sealed before it is undone.
func resealedHints(c *diff.Change) []string {
	if s := c.Want.File.Sops; s == nil || c.Known == nil || s.MAC != c.Known.MAC || s.MACOnlyEncrypted || len(c.Conflict.Fields) == 0 {
		return []string{"undo the change, if no holder of the key made it", manifest.SealHint(c.Pos.File)}
	}
	field := string(c.Conflict.Fields[0])
	if field == "plugin" {
		field = "version"
	}
	return []string{"undo the edit: it was made without the file's key",
		"if it is right, undo it and then make it with the key:  connsync set " + manifest.ShellWord(manifest.PlaceOf(c.Want.Target, c.Want.Name)+"."+field) + " VALUE"}
}

// unsealedHints say how a connection gets its seal back, or does without.
func unsealedHints(c *diff.Change) []string {
	if c.Want.HasSecrets() {
		return []string{manifest.SealHint(c.Pos.File)}
	}
	return []string{"it has no secrets any more; SecMaster may keep those that it has. To write it without:  connsync sync --new-destination " + manifest.ShellWord(manifest.PatternOf(c.Name))}
}

// fillHint is how the first setting without a value gets one.
func fillHint(w *diff.Want) string {
	if len(w.Missing) == 0 || w.Missing[0] == "config" {
		return "write its settings at " + w.At("config").String()
	}
	return "connsync set " + manifest.ShellWord(manifest.PlaceOf(w.Target, w.Name)+"."+string(w.Missing[0]))
}

func adoptHint(c *diff.Change, id string) string {
	return fmt.Sprintf("to take it over, add  adopt: %s  at %s", id, c.Pos.String())
}

// importHint is the command to add the line.
func importHint(c *diff.Change) string {
	command := "connsync import --only " + manifest.ShellWord(manifest.PatternOf(c.Name))
	if c.Want != nil && c.Want.Target != "" {
		command += " --target " + manifest.ShellWord(c.Want.Target)
	}
	return "or have the line added:  " + command
}

func nearHint(near []string) []string {
	const most = 12
	if len(near) == 0 {
		return []string{"the workspace lists no plugin at all"}
	}
	more := ""
	if len(near) > most {
		near, more = near[:most], ", …"
	}
	return []string{"it has: " + List(near) + more}
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

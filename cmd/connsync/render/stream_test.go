package render

import (
	"bytes"
	"strings"
	"testing"

	"connsync/manifest"
)

// A sentence and a question of our own break at words on a terminal; elsewhere each is one line.
func TestLongSentencesBreakAtWords(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		0:  "  a key is in  /home/x/keys.txt   Keep a copy in a safe place.\nWho else can open the secrets, or only Enter: ",
		40: "  a key is in  /home/x/keys.txt   Keep a\n  copy in a safe place.\nWho else can open the secrets, or only\nEnter: ",
	} {
		var b bytes.Buffer
		s := &Stream{w: &b, width: width}
		s.Words("  ", "a key is in  /home/x/keys.txt   Keep a copy in a safe place.")
		s.AskWords("Who else can open the secrets, or only Enter:")
		if b.String() != want {
			t.Errorf("%d columns:\n%s", width, &b)
		}
	}
}

// A note breaks at words on a terminal, and its command stands alone; elsewhere it is one line.
func TestANoteFitsATerminal(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		0:  "note: 2 connections are taken over by this sync: begin with one:  connsync sync --only siem\n",
		40: "note: 2 connections are taken over by\n      this sync: begin with one:\n      connsync sync --only siem\n",
	} {
		var b bytes.Buffer
		(&Printer{Err: &Stream{w: &b, width: width}}).Note("%d connections are taken over by this sync: begin with one:  %s", 2, "connsync sync --only siem")
		if b.String() != want {
			t.Errorf("%d columns:\n%s", width, &b)
		}
	}
}

// The ids of a plugin's version stand whole, whatever the width.
func TestThePluginsIdsAreWhole(t *testing.T) {
	t.Parallel()
	plugins := []manifest.Plugin{{Name: "Edr", ID: strings.Repeat("c", 36), Versions: []manifest.PluginVersion{{Number: "2.1", ID: strings.Repeat("v", 36)}}}}
	for width, want := range map[int]string{
		0:  "    2.1   component_id: " + strings.Repeat("c", 36) + "   component_version_id: " + strings.Repeat("v", 36) + "\n",
		80: "    2.1\n      component_id: " + strings.Repeat("c", 36) + "\n      component_version_id: " + strings.Repeat("v", 36) + "\n",
	} {
		var b bytes.Buffer
		(&Printer{Out: &Stream{w: &b, width: width}}).Plugins(plugins, true)
		if !strings.Contains(b.String(), want) {
			t.Errorf("%d columns:\n%s", width, &b)
		}
	}
}

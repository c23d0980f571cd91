package render

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"connsync/cmd/connsync/view"
)

func examined() view.Doctor {
	return view.Doctor{
		Checks: []view.Check{{Name: "project file", Verdict: view.Fine, Text: "connsync.yaml: 1 target"}, {Name: "keys", Verdict: view.Broken, Text: "they open 0 of 1 file", Hints: []string{"a diff works without a key"}}},
		Targets: []view.Examined{{
			Name: "prod", Region: "cn-north-4", Workspace: "w",
			Checks: []view.Check{
				{Name: "clock", Verdict: view.Doubtful, Text: "this machine's clock is 60 seconds ahead of the server's; signatures are refused from 15 minutes on"},
				{Name: "writes", Verdict: view.NotLooked, Text: "only a write shows it", Hints: []string{"see the permissions that a sync needs:  connsync iam --for sync"}},
			},
			Habits: []view.Habit{
				{Question: "updatetime", Seen: []string{"absent"}, Text: "update_time is not shown", Means: "an update stays unconfirmed"},
				{Question: "offset", Text: "too few"}, {Question: "schema", Text: "no plugin"}, {Question: "order", Text: "too few"},
			},
			Unasked: []string{"quota", "lag"},
		}},
	}
}

func TestADoctorIsReadLineByLine(t *testing.T) {
	var b bytes.Buffer
	err := (&Printer{Out: &Stream{w: &b, width: 60}}).Doctor(examined())
	want := `  ok            project file: connsync.yaml: 1 target
  failed        keys: they open 0 of 1 file
                hint: a diff works without a key

prod   cn-north-4, workspace w

  warning       clock: this machine's clock is 60 seconds
                ahead of the server's; signatures are
                refused from 15 minutes on
  not looked at writes: only a write shows it
                hint: see the permissions that a sync needs:
                      connsync iam --for sync

  What this SecMaster does where the vendor's documents leave it open:

  updatetime   update_time is not shown
               so: an update stays unconfirmed
  unseen       offset, order: too few
  unseen       schema: no plugin
  unasked      only writes show these: quota, lag

1 check failed: a sync would not work; 1 warning, 1 thing
not looked at.
`
	if err != nil || b.String() != want {
		t.Errorf("%v\n%s", err, b.String())
	}
	d := examined()
	d.Checks = d.Checks[:1]
	if d.Works() != true || d.Headline() != "Nothing was found that keeps a sync from working: 1 warning, 1 thing not looked at" {
		t.Errorf("%q", d.Headline())
	}
}

func TestADoctorInJSONIsOneValue(t *testing.T) {
	d := examined()
	d.Targets[0].Checks[0].Text = "\x1b[31m::error::\u202e"
	var b bytes.Buffer
	if err := DoctorJSON(&b, d); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema int
		Works  *bool
		Checks []struct {
			Check, Verdict, Text string
			Hints                []string
		}
		Targets []struct {
			Target, Region string
			WorkspaceID    string `json:"workspace_id"`
			Checks         []struct {
				Check, Verdict, Text string
				Hints                []string
			}
			Habits []struct {
				Question, Text, Means string
				Seen                  []string
			}
			Unasked []string
		}
	}
	in := json.NewDecoder(strings.NewReader(b.String()))
	in.DisallowUnknownFields()
	if err := in.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if in.Decode(new(any)) != io.EOF {
		t.Error("more than one value")
	}
	one := got.Targets[0]
	if got.Schema != 1 || got.Works == nil || *got.Works || got.Checks[1].Verdict != "failed" || one.Target != "prod" || one.Checks[1].Verdict != "not-looked-at" || len(one.Checks[1].Hints) != 1 ||
		len(one.Habits) != 4 || one.Habits[0].Seen[0] != "absent" || one.Habits[1].Seen == nil || len(one.Unasked) != 2 {
		t.Errorf("%s", b.String())
	}
	if strings.ContainsAny(one.Checks[0].Text, "\x1b\u202e") || strings.HasPrefix(one.Checks[0].Text, "::") {
		t.Errorf("%q", one.Checks[0].Text)
	}
	b.Reset()
	if err := DoctorJSON(&b, view.Doctor{}); err != nil || strings.Contains(b.String(), "null") || !strings.Contains(b.String(), `"works": true`) {
		t.Errorf("%v %s", err, b.String())
	}
}

package view

import "connsync/apply/secmaster/doctor"

// Doctor is what was looked at, before a format lays it out.
type Doctor struct {
	Checks  []Check // of the project
	Targets []Examined
}

// Verdict is what a check came to.
type Verdict string

// The verdicts.
const (
	Fine      Verdict = "ok"
	Doubtful  Verdict = "warning"
	Broken    Verdict = "failed"
	NotLooked Verdict = "not looked at"
)

// Check is one thing looked at.
type Check struct {
	Name    string
	Verdict Verdict
	Text    string
	Hints   []string
}

// Examined is one target.
type Examined struct {
	Name, Region, Workspace string
	Checks                  []Check
	Habits                  []Habit  // what its SecMaster does where the documents leave it open; none where it was not asked
	Unasked                 []string // the questions that only writes answer
}

// Habit is what a SecMaster does, and what it means.
type Habit struct {
	Question string
	Seen     []string // words of the vocabulary
	Text     string
	Means    string // for drift, or for a sync; "" where it makes no difference
}

// Works tells whether nothing was found that keeps a sync from working.
func (d Doctor) Works() bool { return d.Count(Broken) == 0 }

// Count is the number of checks with a verdict.
func (d Doctor) Count(v Verdict) int {
	n := 0
	d.each(func(c Check) {
		if c.Verdict == v {
			n++
		}
	})
	return n
}

func (d Doctor) each(f func(Check)) {
	for _, c := range d.Checks {
		f(c)
	}
	for _, t := range d.Targets {
		for _, c := range t.Checks {
			f(c)
		}
	}
}

// Headline is the end of it in a sentence.
func (d Doctor) Headline() string {
	rest := Count(d.Count(Doubtful), "warning") + ", " + Count(d.Count(NotLooked), "thing") + " not looked at"
	if n := d.Count(Broken); n > 0 {
		return Count(n, "check") + " failed: a sync would not work; " + rest
	}
	return "Nothing was found that keeps a sync from working: " + rest
}

// Habits are the questions in order, with what was seen of each; none where nothing was.
func Habits(seen doctor.Seen) []Habit {
	var out []Habit
	if len(seen) == 0 {
		return nil
	}
	for _, q := range doctor.Questions() {
		if h := (Habit{Question: q.Name, Seen: seen[q.Name]}); len(h.Seen) > 0 {
			h.Text, h.Means = saysOf(h)
			out = append(out, h)
		} else if q.Name != "rate" && q.Name != "ratescope" {
			h.Text = unseen(q.Name)
			out = append(out, h)
		}
	}
	return out
}

// unseen is why nothing was seen of a question.
func unseen(question string) string {
	switch question {
	case "notfound", "workspace":
		return "the call was not answered, or is not permitted"
	case "components", "schema":
		return "no plugin is shown"
	case "workspaces":
		return "the list of workspaces is not shown"
	case "offset", "order", "times", "filter", "maxlimit":
		return "too few connections are shown, or too little of them"
	}
	return "no connection is shown"
}

// saysOf joins what is said of each word of a habit.
func saysOf(h Habit) (text, means string) {
	for _, w := range h.Seen {
		say := habits[h.Question][w]
		if text != "" && say[0] != "" {
			text += "; elsewhere: "
		}
		text += say[0]
		if means != "" && say[1] != "" {
			means += "; "
		}
		means += say[1]
	}
	return text, means
}

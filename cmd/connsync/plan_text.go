package main

import (
	"bufio"
	"fmt"
	"strings"
	"unicode/utf8"

	"connsync/diff"
)

const (
	planIndent = "              "
	usualWidth = 80 // of a terminal that does not say
)

// plans shows plans as text, as every sync does before it writes.
func (p *printer) plans(plans []diff.Plan) error {
	return p.sheet(describe(plans, false, p.verbose))
}

// sheet shows plans as text.
func (p *printer) sheet(s sheet) error {
	b := bufio.NewWriter(p.out)
	l := &lines{w: b}
	p.alarms(l, s.alarms)
	for _, t := range s.sections {
		p.section(l, t, s.offline)
	}
	p.totals(l, s)
	p.findings(l, s.findings)
	if l.err != nil {
		return l.err
	}
	return b.Flush()
}

// alarms come first: whoever changes the rules changes what everything below is worth.
func (p *printer) alarms(l *lines, alarms []string) {
	for _, a := range alarms {
		p.words(l, "", p.outTint.red, riskMark+a)
	}
	if len(alarms) > 0 {
		l.printf("\n")
	}
}

// section shows one target: its place first, then what changes, then what is to be known.
func (p *printer) section(l *lines, t section, offline bool) {
	want, known := "want", "known"
	if offline {
		want, known = "head", "base"
	}
	l.printf("%s  %s", p.outTint.bold(safe(t.target)), safe(t.place))
	if t.want != "" {
		l.printf("   %s %s", want, safe(t.want))
	}
	if t.known != "" {
		l.printf("   %s %s", known, safe(t.known))
	}
	l.printf("\n\n")
	for _, c := range t.cards {
		p.card(l, c)
	}
	if len(t.cards) == 0 {
		l.printf("  nothing to do\n")
	}
	l.printf("\n")
	for _, f := range t.files {
		p.file(l, f)
	}
	for _, n := range t.notes {
		p.labelled(l, "  ", p.outTint.cyan("note:"), 5, n)
	}
	if len(t.notes)+len(t.files) > 0 {
		l.printf("\n")
	}
}

func (p *printer) file(l *lines, f fileNote) {
	text := f.path + ": " + strings.Join(f.words, ", ")
	if f.risky {
		p.labelled(l, "  ", p.outTint.red("high risk:"), 10, text)
		return
	}
	p.labelled(l, "  ", p.outTint.cyan("file:"), 5, text)
}

// mark is an action's symbol and word, which always go together: colour is an addition.
func (t tint) mark(a diff.Action) string {
	switch a {
	case diff.Create:
		return t.green("+ create   ")
	case diff.Update:
		return t.yellow("~ update   ")
	case diff.Rename:
		return t.yellow("> rename   ")
	case diff.Adopt:
		return t.green("= adopt    ")
	case diff.Delete:
		return t.red("- delete   ")
	case diff.Remove:
		return t.red("- remove   ")
	case diff.Orphaned:
		return t.dim("o orphaned ")
	case diff.Forget:
		return t.dim("x forget   ")
	case diff.Conflict:
		return t.red("! conflict ")
	}
	return "  " + string(a)
}

func (p *printer) card(l *lines, c card) {
	name := p.outTint.bold(safe(c.name))
	if c.from != "" {
		name = safe(c.from) + " -> " + name
	}
	l.printf("  %s %s", p.outTint.mark(c.action), name)
	if c.file != "" {
		l.printf("   %s", p.outTint.dim(safe(fmt.Sprintf("%s:%d", c.file, c.line))))
	}
	l.printf("\n")
	for _, w := range c.why {
		p.words(l, planIndent, nil, w)
	}
	if c.plugin != "" {
		l.printf(planIndent+"plugin     %s\n", safe(c.plugin))
	}
	for _, f := range c.fields {
		p.field(l, f)
	}
	p.secretWords(l, c.secrets)
	if len(c.extra) > 0 {
		p.words(l, planIndent, nil, "also there "+strings.Join(c.extra, ", ")+" (only in SecMaster)")
	}
	for _, r := range c.risks {
		p.labelled(l, planIndent, p.outTint.red("high risk:"), 10, strings.TrimPrefix(r.text, riskMark))
	}
	for _, w := range c.warnings {
		p.labelled(l, planIndent, p.outTint.yellow("warning:"), 8, w)
	}
	if c.conflict != "" {
		p.words(l, planIndent, nil, c.conflict)
	}
	for _, h := range c.hints {
		p.labelled(l, planIndent, p.outTint.cyan("hint:"), 5, h)
	}
}

// field shows a setting in the clear that changes. A value of several lines is shown as the difference of its lines.
func (p *printer) field(l *lines, f cardField) {
	path, cause := safe(f.path), p.outTint.dim(safe(f.cause))
	switch {
	case f.lines != nil:
		l.printf(planIndent+"%s  %s\n", path, cause)
		p.lineDiff(l, f.lines)
	case f.old == "":
		l.printf(planIndent+"%s\n", strings.TrimRight(path+"  "+safe(f.new)+"  "+cause, " "))
	default:
		gap := " "
		if utf8.RuneCountInString(planIndent+path+f.old+f.new)+14 > p.columns() { // 14: what stands around them
			gap = "\n" + planIndent + "  "
		}
		l.printf(planIndent+"%s  %s%s-> %s  %s\n", path, safe(f.old), gap, safe(f.new), cause)
	}
}

// secretWords says what happens to each secret.
func (p *printer) secretWords(l *lines, secrets []diff.SecretChange) {
	const indent = planIndent + "           "
	line, width := "", 0
	for i, s := range secrets {
		text := safe(secretWord(s))
		if i < len(secrets)-1 {
			text += ","
		}
		if width > 0 && len(indent)+width+utf8.RuneCountInString(text) >= p.columns() {
			line, width = line+"\n"+indent, 0
		}
		if width > 0 {
			line, width = line+" ", width+1
		}
		width += utf8.RuneCountInString(text)
		line += p.tinted(text, s.Word)
	}
	if line != "" {
		l.printf(planIndent+"secrets    %s\n", line)
	}
}

func (p *printer) tinted(text string, w diff.Word) string {
	if w == diff.Same || w == diff.Unverified || w == diff.Set {
		return text
	}
	return p.outTint.yellow(text)
}

// totals is the last line of a plan: what it comes to, and its hash.
func (p *printer) totals(l *lines, s sheet) {
	p.labelled(l, "", p.outTint.bold("Plan:"), 5, strings.Join(totalWords(s), ", ")+".")
	last := "plan " + s.hash
	if s.offline {
		last = "between two commits; what a sync does: " + s.next
	}
	l.printf("%s\n", p.outTint.dim(last))
}

// findings come last, where they cannot be overlooked: the plan above is what would be done if it could be.
func (p *printer) findings(l *lines, fs []finding) {
	for _, f := range fs {
		word := p.outTint.yellow("warning:")
		if f.fatal {
			word = p.outTint.red("will fail:")
		}
		l.printf("\n%s %s\n", word, p.outTint.bold(safe(place(f.Pos))))
		p.words(l, "  ", nil, f.Message)
		for _, h := range f.Hints {
			p.labelled(l, "  ", p.outTint.cyan("hint:"), 5, h)
		}
	}
}

// columns is how wide text may be: a terminal's width, and no limit that matters elsewhere, where lines are searched.
func (p *printer) columns() int {
	if p.width > 0 {
		return max(p.width, 40)
	}
	return usualWidth
}

// labelled shows a text behind a label of n columns; further lines begin under the first.
func (p *printer) labelled(l *lines, indent, label string, n int, text string) {
	l.printf("%s%s ", indent, label)
	p.wrapped(l, indent+strings.Repeat(" ", n+1), nil, text)
}

// words shows a text, indented.
func (p *printer) words(l *lines, indent string, paint func(string) string, text string) {
	l.printf("%s", indent)
	p.wrapped(l, indent, paint, text)
}

// wrapped shows a text in lines that fit a terminal; elsewhere in one line, which can be searched.
func (p *printer) wrapped(l *lines, indent string, paint func(string) string, text string) {
	if paint == nil {
		paint = func(s string) string { return s }
	}
	line, room := "", p.columns()-utf8.RuneCountInString(indent)
	for _, word := range strings.Split(safe(text), " ") {
		fits := line == "" || word == "" || strings.HasPrefix(word, "::") || utf8.RuneCountInString(line+" "+word) <= room
		if p.width > 0 && !fits { // where a command would begin, no line does
			l.printf("%s\n%s", paint(line), indent)
			line = word
			continue
		}
		if line != "" {
			word = " " + word
		}
		line += word
	}
	l.printf("%s\n", paint(line))
}

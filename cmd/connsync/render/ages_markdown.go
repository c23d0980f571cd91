package render

import (
	"fmt"
	"io"

	"connsync/cmd/connsync/view"
)

// agesMarkdown lays secrets out for a comment or a job's summary. What is wrong comes first; what does not fit is counted.
func agesMarkdown(w io.Writer, a view.Ages) error {
	head := "### connsync: " + mdText(a.Headline()) + "\n"
	for i, x := range a.Warnings {
		if i == 0 {
			head += "\n> [!WARNING]\n> **Warnings**\n>\n"
		}
		head += mdWarning(x)
	}
	tail := md("")
	for i, s := range a.Steps {
		lines := make([]md, len(s.Commands))
		for j, c := range s.Commands {
			lines[j] = mdLine(c)
		}
		tail += md(fmt.Sprintf("\n%d. ", i+1)) + mdText(s.Says) + ":\n\n" + mdBlock("sh", lines)
	}
	_, err := io.WriteString(w, string(head+mdAges(a, maxMarkdown-mdEnough-len(head)-len(tail))+tail))
	return err
}

func mdWarning(x view.Warning) md {
	out := "> - " + mdText(x.Text) + "\n"
	for _, h := range x.Hints {
		out += ">   - hint: " + mdText(h) + "\n"
	}
	return out
}

// mdAges is the table, within some bytes: the worst rows first.
func mdAges(a view.Ages, limit int) md {
	if a.Total() == 0 {
		return ""
	}
	out, left := md("\n| secret | where | age | recipients |\n|---|---|---|---|\n"), 0
	if a.Reader != "" {
		out = "\n| secret | where | how |\n|---|---|---|\n"
	}
	for _, worst := range []bool{true, false} {
		a.Each(func(s view.SecretAge) {
			if (s.Verdict() != "") != worst {
				return
			}
			if row := mdAge(a, s); len(out)+len(row) <= limit {
				out += row
				return
			}
			left++
		})
	}
	if left > 0 {
		out += "\nand " + mdCount(left, "secret") + " more\n"
	}
	return out
}

func mdAge(a view.Ages, s view.SecretAge) md {
	row := "| " + mdCell(mdCode(s.Target)+" / "+mdCode(s.Name)+" "+mdCode(s.Short())) + " | " + mdCell(mdCode(s.Place())) + " | "
	if a.Reader != "" {
		return row + mdCell(mdText(s.How())) + " |\n"
	}
	said := mdText(s.Age())
	if v := s.Verdict(); v != "" {
		said = "**" + mdText(v) + "** " + said
	}
	for _, n := range s.Notes() {
		said += ", " + mdText(n)
	}
	return row + mdCell(said) + " | " + mdCell(mdText(view.ReaderWords(s.Recipients))) + " |\n"
}

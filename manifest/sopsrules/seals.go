package sopsrules

import "regexp"

// sealed is the extension of a selector, to cover the seals of connections too.
const sealed = "|^seal$"

// WithSeals is the selector, as it is written, extended to the seals of connections: connsync gives it to the files it seals. "" where a
// selector cannot be extended, or covers seals by itself.
func (s Selector) WithSeals() string {
	text := s.Text
	switch {
	case s.Fault != NoFault:
		return ""
	case s.Kind == "encrypted_suffix":
		text = regexp.QuoteMeta(text) + "$"
	case s.Kind != "encrypted_regex":
		return ""
	}
	if s.fits("seal") {
		return ""
	}
	return "encrypted_regex: (?:" + text + ")" + sealed
}

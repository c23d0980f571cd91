package sopsrules

import "regexp"

// sealed is what a selector is extended by, so that it covers the seals of connections too.
const sealed = "|^seal$"

// WithSeals is the selector, as it is written, that encrypts the seals of connections besides: connsync gives it to the files that it seals. "" where a
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

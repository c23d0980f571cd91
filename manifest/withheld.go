package manifest

// Withheld stands for a value in the clear that looks like a secret, or that was meant to be encrypted: no plan can show it. Two of them can be
// compared by ValueDigest, in memory.
type Withheld struct {
	digest string
	send   func() any // nil for a value that must not be sent either
}

// withhold keeps a value from being shown and sent.
func withhold(v any) Withheld { return Withheld{digest: ValueDigest(v)} }

// unshown keeps a value from being shown.
func unshown(v any) Withheld { return Withheld{ValueDigest(v), func() any { return v }} }

// String is the same for all.
func (Withheld) String() string { return "(not shown)" }

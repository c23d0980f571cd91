package manifest

// Withheld stands for a value in the clear that looks like a secret, or that was meant to be encrypted: only a Set of Survey can hold
// one, and nobody can show it. Two of them can be compared by ValueDigest, in memory.
type Withheld struct{ digest string }

func withhold(v any) Withheld { return Withheld{ValueDigest(v)} }

// String is the same for all.
func (Withheld) String() string { return "(not shown)" }

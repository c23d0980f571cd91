package secmaster

// Action is a permission needed by a command, and how sure its name is.
type Action struct {
	Name string
	Seen bool   // in the vendor's documents; else it follows the pattern of its neighbours
	For  string // what connsync does by it
}

// Jobs are what people run connsync for. Each needs all that the one before needs.
const (
	JobDiff  = "diff"
	JobSync  = "sync"
	JobPrune = "prune"
)

// Actions is the least that a job needs; nil for an unknown job.
func Actions(job string) []Action {
	read := []Action{
		{"secmaster:connection:list", false, "to list the connections"},
		{"secmaster:connection:get", true, "to see one connection: one that the list lacks, or shows in part"},
		{"secmaster:component:list", false, "to find a plugin by its name"},
	}
	write := append(read, Action{"secmaster:connection:create", false, "to create a connection"}, Action{"secmaster:connection:update", false, "to update a connection"})
	switch job {
	case JobDiff:
		return read
	case JobSync:
		return write
	case JobPrune:
		return append(write, Action{"secmaster:connection:delete", false, "to delete a connection"})
	}
	return nil
}

// UsesActions is what it takes to tell who uses a connection. No job needs it: without it, a plan says it could not look.
func UsesActions() []Action {
	return []Action{
		{"secmaster:workflow:list", false, "to list the workflows"},
		{"secmaster:workflow:get", true, "to search the active version of a workflow for the connection"},
		{"secmaster:policy:list", false, "to search the emergency policies for the connection"},
	}
}

// ActionNames are the names of what a job needs.
func ActionNames(job string) []string { return names(Actions(job)) }

// UsesNames are the names of what it takes to tell who uses a connection.
func UsesNames() []string { return names(UsesActions()) }

func names(all []Action) []string {
	var out []string
	for _, a := range all {
		out = append(out, a.Name)
	}
	return out
}

// Policy is an IAM policy that allows some actions, and nothing else.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows actions; Resource is for policies of version 5.0.
type Statement struct {
	Effect   string
	Action   []string
	Resource []string `json:",omitempty"`
}

// policy5 is for STS and identity policies, policy3 for IAM v3.
func policy5(actions []string) Policy {
	return Policy{"5.0", []Statement{{"Allow", actions, []string{"*"}}}}
}

func policy3(actions []string) Policy {
	return Policy{"1.1", []Statement{{"Allow", actions, nil}}}
}

// PolicyOf is the policy of some actions, for people to put into IAM.
func PolicyOf(actions []string) Policy { return policy5(actions) }

package gitfs

import (
	"context"
	"strings"
)

// What a remote says is never shown: these are our words for it.
const (
	elsewhere     = "it redirects to another host, which is not followed: use that address, if it is yours"
	noCredentials = "it asks for credentials, and none are known"
	otherHashes   = "it uses other hashes than sha1, which connsync cannot read"
	noKey         = "the server takes none of the keys"

	noKeyOrPassphrase = noKey + ", or a key's passphrase cannot be asked for: load it into the agent"

	noSSH      = "git needs ssh for it, and ssh is not installed here"
	noGitThere = "its host has no git where ssh looks for it"
	noProgram  = "a program that git needs for it is missing"

	unanswered = "it asks for credentials, and the question was not answered"
)

// said is a part of what Git or a server says, and what it means.
type said struct {
	text string
	kind RemoteKind
	word string
}

// failures are in order: what is special comes before what is general.
var failures = []said{
	{"transport '", RemoteAddress, "use https://…, ssh://…, git@host:path or a local path"},
	{"terminal prompts disabled", RemoteDenied, noCredentials},
	{"could not read Username", RemoteDenied, noCredentials},
	{"could not read Password", RemoteDenied, noCredentials},
	{"returned error: 407", RemoteUnreachable, "the proxy asks for a password"},
	{"HTTP code 407", RemoteUnreachable, "the proxy asks for a password"},
	{"response 407", RemoteUnreachable, "the proxy asks for a password"},
	{"Authentication failed", RemoteDenied, "the server does not take the credentials"},
	{"returned error: 401", RemoteDenied, "the server does not take the credentials"},
	{"returned error: 403", RemoteDenied, "the credentials may not do this"},
	{"REMOTE HOST IDENTIFICATION HAS CHANGED", RemoteDenied, "the host's key has changed: find out why before you remove the old one from known_hosts"},
	{"Host key verification failed", RemoteDenied, "the host's key is not known: add it to known_hosts"},
	{"Permission denied (publickey", RemoteDenied, noKeyOrPassphrase},
	{"Permission denied, please try again", RemoteDenied, noKey},
	{"Too many authentication failures", RemoteDenied, noKey},
	{"dubious ownership", RemoteDenied, "the repository belongs to another user: see safe.directory in its configuration"},
	{"cannot run ssh", RemoteUnreachable, noSSH},
	{"ssh: not found", RemoteUnreachable, noSSH},
	{"ssh: command not found", RemoteUnreachable, noSSH},
	{"git-upload-pack: not found", RemoteUnreachable, noGitThere},
	{"git-upload-pack: command not found", RemoteUnreachable, noGitThere},
	{"cannot run ", RemoteUnreachable, noProgram},
	{"command not found", RemoteUnreachable, noProgram},
	{"nable to find remote helper", RemoteUnreachable, "git lacks its part for such addresses: install it"},
	{"not found", RemoteNotFound, ""},
	{"returned error: 404", RemoteNotFound, ""},
	{"does not appear to be a git repository", RemoteNotFound, ""},
	{"does not exist", RemoteNotFound, ""},
	{"Could not resolve proxy", RemoteUnreachable, "the proxy's host name cannot be resolved"},
	{"Could not resolve host", RemoteUnreachable, "its host name cannot be resolved"},
	{"Name or service not known", RemoteUnreachable, "its host name cannot be resolved"},
	{"Temporary failure in name resolution", RemoteUnreachable, "its host name cannot be resolved"},
	{"Connection refused", RemoteUnreachable, "nothing listens there"},
	{"ailed to connect", RemoteUnreachable, "it does not answer"},
	{"ould not connect", RemoteUnreachable, "it does not answer"},
	{"Couldn't connect", RemoteUnreachable, "it does not answer"},
	{"Connection timed out", RemoteUnreachable, "it does not answer"},
	{"SSL certificate problem", RemoteUnreachable, "its certificate is not trusted here"},
	{"server certificate verification failed", RemoteUnreachable, "its certificate is not trusted here"},
	{"certificate", RemoteUnreachable, "its certificate is not trusted here"},
	{"gnutls_handshake", RemoteUnreachable, "no secure connection can be made"},
	{"SSL routines", RemoteUnreachable, "no secure connection can be made"},
	{"returned error: 429", RemoteUnreachable, "it limits the rate of requests: repeat later"},
	{"returned error: 5", RemoteUnreachable, "it has an error of its own: repeat later"},
	{"mismatched algorithms", RemoteUnreachable, otherHashes},
	{"shallow update not allowed", RemoteRefused, "it lacks what comes before: this clone's history is cut off"},
	{"not valid: is this a git repository", RemoteUnreachable, "its answer is not Git's"},
	{"No space left on device", RemoteUnreachable, "no space is left for what is fetched"},
}

// failure is what the end of a Git command means.
func (g *gitLine) failure(ctx context.Context, a answer) error {
	if ctx.Err() != nil {
		return remoteError(ctx, ctx.Err())
	}
	for _, code := range []string{"301", "302", "303", "307", "308"} {
		if strings.Contains(a.stderr, "returned error: "+code) {
			return errRedirected
		}
	}
	if strings.Contains(a.stderr, "couldn't find remote ref") || strings.Contains(a.stderr, "not our ref") {
		return &UnknownRefError{}
	}
	for _, f := range failures {
		if !strings.Contains(a.stderr, f.text) {
			continue
		}
		switch {
		case a.declined && f.kind == RemoteDenied:
			return &RemoteError{RemoteDenied, unanswered}
		case a.asked && f.word == noKeyOrPassphrase:
			return &RemoteError{RemoteDenied, noKey}
		}
		return &RemoteError{f.kind, f.word}
	}
	return &RemoteError{Kind: RemoteUnreachable}
}

// refusals are why a server takes no push.
var refusals = []said{
	{text: "must have verified signatures", word: "it wants commits to be signed"},
	{text: "GH013", word: "a rule of the repository forbids it"},
	{text: "rule violations", word: "a rule of the repository forbids it"},
	{text: "GH006", word: "the branch is protected"},
	{text: "rotected branch", word: "the branch is protected"},
	{text: "TF401027", word: "the credentials may not push: they need the permission Contribute, and Create branch"},
	{text: "TF402455", word: "the branch has a policy that wants pull requests"},
	{text: "not allowed to push", word: "the credentials may not push to this branch"},
	{text: "denied", word: "the credentials may not push to this branch"},
	{text: "shallow update not allowed", word: "it lacks what comes before: this clone's history is cut off"},
	{text: "hook declined", word: "a hook of the server declined"},
	{text: "deletion prohibited", word: "the server forbids it"},
	{text: "unpacker error", word: "it cannot store what is pushed: it may have no space left"},
	{text: "unable to migrate objects", word: "it cannot store what is pushed: it may have no space left"},
}

func refusal(text string) string {
	for _, r := range refusals {
		if strings.Contains(text, r.text) {
			return r.word
		}
	}
	return ""
}

// unreadableHere tells whether a push failed on this side: the server then has its own word for a pack that ended too early, as if
// it had refused it.
func unreadableHere(stderr string) bool {
	return strings.Contains(stderr, "revision walk setup failed") || strings.Contains(stderr, "pack-objects died") ||
		strings.Contains(stderr, "fatal: bad object") || strings.Contains(stderr, "fatal: unable to read ")
}

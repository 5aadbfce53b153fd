package start

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/settings"
)

// AskRoleMap lets rolechain read the role map that env names, for the service account of the pod's token. It is a process of its
// own because a YAML library would make every start slower, also those without a map. rolechain tells the reason of a failure
// itself.
func AskRoleMap(ctx context.Context, s settings.Settings, env []string, stderr io.Writer) (settings.Grant, error) {
	var g settings.Grant
	if _, err := Token(s); err != nil {
		return g, err // the time may be up that it was waited for
	}
	path, err := companion()
	if err != nil {
		return g, err
	}
	var answer bytes.Buffer
	if err := ask(ctx, "ROLE_CHAIN_ROLE_MAP: `rolechain roles`", path, env, &answer, stderr, "roles", "-json", "-termination-log", report.TerminationLog); err != nil {
		return g, err
	}
	if err := json.Unmarshal(answer.Bytes(), &g); err != nil {
		return g, exit.Because(exit.Internal, fmt.Errorf("what `rolechain roles` says of the role map: %w", err), "both programs must be of one version")
	}
	return g, nil
}

package awsconfig

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"rolechain/internal/chain"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// others are the services besides STS that `rolechain check` calls: their names in a services section, and the ids by which
// the SDK knows them.
var others = map[string]string{"glue": "Glue", "kms": "KMS", "s3": "S3", "sqs": "SQS"}

// Services is how services other than STS are reached.
type Services struct {
	Region    string // "" when none is set
	FIPS      bool
	DualStack bool
	Endpoints map[string]string // URL by service ("s3"), where a setting names one
	HTTP      *http.Client      // with the CA bundle and the proxies
}

// ForServices returns how services other than STS are reached, by AWS's own settings in s, its files and env. It repeats no
// warning of Apply. The error, an *exit.Error, names a setting by which no call can be made.
func ForServices(ctx context.Context, s settings.Settings, env settings.Environment) (Services, error) {
	l := newLoader(s)
	variables := l.environment()
	for service := range others {
		name := variable(service)
		if value := env.Value(name); value != "" {
			variables[name] = value
		}
	}
	o, endpoints, err := load(ctx, variables, l.file())
	if err != nil {
		return Services{}, exit.Because(exit.BadSetting, fmt.Errorf("AWS's own settings: %w", err), "")
	}
	for _, service := range slices.Sorted(maps.Keys(endpoints)) {
		if problem, hint := settings.CheckEndpoint(endpoints[service]); problem != "" {
			return Services{}, exit.Because(exit.BadSetting, fmt.Errorf("the endpoint of %s, from %s or the AWS files: %q %s", service, variable(service), endpoints[service], problem), hint)
		}
	}
	spec := chain.Spec{Proxy: chain.ProxyOf(s.AWS.Proxy)}
	spec.CABundle, _ = l.bundle()
	return Services{
		Region:    o.Region,
		FIPS:      o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled,
		DualStack: o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled,
		Endpoints: endpoints,
		HTTP:      spec.HTTPClient(),
	}, nil
}

func variable(service string) string { return "AWS_ENDPOINT_URL_" + strings.ToUpper(service) }

// endpointsIn asks a loaded configuration for the endpoints of the others, as their clients do.
func endpointsIn(ctx context.Context, cfg aws.Config) (map[string]string, error) {
	found := map[string]string{}
	for _, source := range cfg.ConfigSources {
		if ignoring, ok := source.(interface {
			GetIgnoreConfiguredEndpoints(ctx context.Context) (bool, bool, error)
		}); ok {
			if ignore, there, err := ignoring.GetIgnoreConfiguredEndpoints(ctx); err != nil || there && ignore {
				return nil, err
			}
		}
	}
	for service, id := range others {
		for _, source := range cfg.ConfigSources {
			provider, ok := source.(interface {
				GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
			})
			if !ok {
				continue
			}
			url, there, err := provider.GetServiceBaseEndpoint(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("loading the endpoint of %s: %w", service, err)
			}
			if there {
				found[service] = url
				break
			}
		}
		if url := aws.ToString(cfg.BaseEndpoint); found[service] == "" && url != "" {
			found[service] = url
		}
	}
	return found, nil
}

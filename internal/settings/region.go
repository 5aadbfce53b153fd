package settings

import "fmt"

// PartitionRegion returns the region that stands for the partition of a role where none is set; "" in the partition aws,
// and in one that is not known. They are the regions that the partitions began with, from the partition table of the AWS
// SDKs; China's is the one that its global endpoint stands in.
func PartitionRegion(role string) string {
	region, _ := partition(role)
	return region
}

// Domain returns what the names of AWS's hosts end in, in the partition of an ARN: "amazonaws.com" in one that is not known.
func Domain(arn string) string {
	_, domain := partition(arn)
	return domain
}

// partition returns a row of the SDKs' partition table (aws-sdk-go-v2, internal/endpoints/awsrulesfn).
func partition(arn string) (region, domain string) {
	switch Partition(arn) {
	case "aws-cn":
		return "cn-north-1", "amazonaws.com.cn"
	case "aws-us-gov":
		return "us-gov-west-1", "amazonaws.com"
	case "aws-eusc":
		return "eusc-de-east-1", "amazonaws.eu"
	case "aws-iso":
		return "us-iso-east-1", "c2s.ic.gov"
	case "aws-iso-b":
		return "us-isob-east-1", "sc2s.sgov.gov"
	case "aws-iso-e":
		return "eu-isoe-west-1", "cloud.adc-e.uk"
	case "aws-iso-f":
		return "us-isof-south-1", "csp.hci.ic.gov"
	}
	return "", "amazonaws.com"
}

// NoRegion warns of what comes of a chain to role where neither a variable nor the AWS files name a region. In China and
// GovCloud that is nothing: the profiles get the partition's own region.
func NoRegion(role string) (w Warning, ok bool) {
	const hint = "set AWS_REGION and AWS_DEFAULT_REGION for the driver and the executors, or region in [default] of the AWS config file"
	switch region := PartitionRegion(role); region {
	case "cn-north-1", "us-gov-west-1":
		return Warning{}, false
	case "":
		return Warning{`no region is set: SDKs fail with "You must specify a region" wherever the job names none itself`, hint}, true
	default:
		return Warning{fmt.Sprintf(`no region is set: the profiles get %s, and SDKs that read no profile fail with "You must specify a region"`, region), hint}, true
	}
}

import boto3_probe

boto3_probe.main()

#!/bin/sh
# -Daws.profile=job-execution-role leads the default chain of every AWS SDK for Java in driver and executors to the job execution role, not S3A's alone.
#   for other clients in the JVM that are to be the client role name the SDK's provider of container credentials; -iceberg-catalog does it for Iceberg's
exec spark-submit \
  --master k8s://https://CLUSTER:443 \
  --deploy-mode cluster \
  --name two-client-roles \
  --conf spark.driver.extraJavaOptions=-Daws.profile=job-execution-role \
  --conf spark.executor.extraJavaOptions=-Daws.profile=job-execution-role \
  --conf spark.executorEnv.AWS_DEFAULT_REGION=us-west-2 \
  --conf spark.executorEnv.AWS_REGION=us-west-2 \
  --conf spark.executorEnv.CLIENT_ROLE_ARN=arn:aws:iam::222222222222:role/client-role-2 \
  --conf spark.executorEnv.ROLE_CHAIN_DELIVERY=endpoint \
  --conf spark.executorEnv.ROLE_CHAIN_ENTRYPOINT=/opt/entrypoint.sh \
  --conf spark.executorEnv.ROLE_CHAIN_PROFILES=second=arn:aws:iam::333333333333:role/client-role-3 \
  --conf spark.executorEnv.WEB_IDENTITY_ROLE_ARN=arn:aws:iam::111111111111:role/job-execution-role-1 \
  --conf spark.hadoop.fs.s3a.aws.credentials.provider=org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider \
  --conf spark.hadoop.fs.s3a.bucket.jobs-111111111111.aws.credentials.provider=com.amazonaws.auth.profile.ProfileCredentialsProvider \
  --conf spark.hadoop.fs.s3a.bucket.partner-333333333333.assumed.role.arn=arn:aws:iam::333333333333:role/client-role-3 \
  --conf spark.hadoop.fs.s3a.bucket.partner-333333333333.assumed.role.credentials.provider=com.amazonaws.auth.profile.ProfileCredentialsProvider \
  --conf spark.hadoop.fs.s3a.bucket.partner-333333333333.aws.credentials.provider=org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider \
  --conf spark.kubernetes.authenticate.driver.serviceAccountName=spark \
  --conf spark.kubernetes.authenticate.executor.serviceAccountName=spark \
  --conf spark.kubernetes.container.image=111111111111.dkr.ecr.us-west-2.amazonaws.com/spark:chained \
  --conf spark.kubernetes.driverEnv.AWS_DEFAULT_REGION=us-west-2 \
  --conf spark.kubernetes.driverEnv.AWS_REGION=us-west-2 \
  --conf spark.kubernetes.driverEnv.CLIENT_ROLE_ARN=arn:aws:iam::222222222222:role/client-role-2 \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_DELIVERY=endpoint \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_ENTRYPOINT=/opt/entrypoint.sh \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_PROFILES=second=arn:aws:iam::333333333333:role/client-role-3 \
  --conf spark.kubernetes.driverEnv.WEB_IDENTITY_ROLE_ARN=arn:aws:iam::111111111111:role/job-execution-role-1 \
  --conf spark.kubernetes.namespace=spark \
  s3a://jobs-111111111111/two-client-roles.py --input s3a://data-222222222222/orders/ --output s3a://partner-333333333333/orders/ --profile second --rounds 100 "$@"

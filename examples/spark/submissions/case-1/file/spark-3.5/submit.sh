#!/bin/sh
# EKS's variables stay, for the buckets of the job execution role: the default chain of every AWS SDK for Java, and of Go, is that role.
#   with -delivery endpoint they need not stay
exec spark-submit \
  --master k8s://https://CLUSTER:443 \
  --deploy-mode cluster \
  --name only-boto3 \
  --conf spark.executorEnv.AWS_DEFAULT_REGION=us-west-2 \
  --conf spark.executorEnv.AWS_REGION=us-west-2 \
  --conf spark.executorEnv.CLIENT_ROLE_ARN=arn:aws:iam::222222222222:role/client-role-2 \
  --conf spark.executorEnv.ROLE_CHAIN_DELIVERY=file \
  --conf spark.executorEnv.ROLE_CHAIN_ENTRYPOINT=/opt/entrypoint.sh \
  --conf spark.executorEnv.ROLE_CHAIN_IRSA_ENV=keep \
  --conf spark.executorEnv.WEB_IDENTITY_ROLE_ARN=arn:aws:iam::111111111111:role/job-execution-role-1 \
  --conf spark.hadoop.fs.s3a.aws.credentials.provider=com.amazonaws.auth.profile.ProfileCredentialsProvider \
  --conf spark.hadoop.fs.s3a.bucket.jobs-111111111111.aws.credentials.provider=com.amazonaws.auth.WebIdentityTokenCredentialsProvider \
  --conf spark.kubernetes.authenticate.driver.serviceAccountName=spark \
  --conf spark.kubernetes.authenticate.executor.serviceAccountName=spark \
  --conf spark.kubernetes.container.image=111111111111.dkr.ecr.us-west-2.amazonaws.com/spark:chained \
  --conf spark.kubernetes.driverEnv.AWS_DEFAULT_REGION=us-west-2 \
  --conf spark.kubernetes.driverEnv.AWS_REGION=us-west-2 \
  --conf spark.kubernetes.driverEnv.CLIENT_ROLE_ARN=arn:aws:iam::222222222222:role/client-role-2 \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_DELIVERY=file \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_ENTRYPOINT=/opt/entrypoint.sh \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_IRSA_ENV=keep \
  --conf spark.kubernetes.driverEnv.WEB_IDENTITY_ROLE_ARN=arn:aws:iam::111111111111:role/job-execution-role-1 \
  --conf spark.kubernetes.namespace=spark \
  s3a://jobs-111111111111/only-boto3.py --input s3a://data-222222222222/names/ --queue names "$@"

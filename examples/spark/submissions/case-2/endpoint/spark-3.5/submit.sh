#!/bin/sh
exec spark-submit \
  --master k8s://https://CLUSTER:443 \
  --deploy-mode cluster \
  --name spark-and-boto3 \
  --conf spark.executor.failuresValidityInterval=30m \
  --conf spark.executor.maxNumFailures=100 \
  --conf spark.executorEnv.AWS_DEFAULT_REGION=us-west-2 \
  --conf spark.executorEnv.AWS_REGION=us-west-2 \
  --conf spark.executorEnv.CLIENT_ROLE_ARN=arn:aws:iam::222222222222:role/client-role-2 \
  --conf spark.executorEnv.ROLE_CHAIN_DELIVERY=endpoint \
  --conf spark.executorEnv.ROLE_CHAIN_ENTRYPOINT=/opt/entrypoint.sh \
  --conf spark.executorEnv.WEB_IDENTITY_ROLE_ARN=arn:aws:iam::111111111111:role/job-execution-role-1 \
  --conf spark.hadoop.fs.s3a.aws.credentials.provider=org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider \
  --conf spark.hadoop.fs.s3a.bucket.jobs-111111111111.aws.credentials.provider=rolechain.aws.ProfileV1 \
  --conf spark.hadoop.fs.s3a.bucket.jobs-111111111111.rolechain.profile=job-execution-role \
  --conf spark.kubernetes.authenticate.driver.serviceAccountName=spark \
  --conf spark.kubernetes.authenticate.executor.serviceAccountName=spark \
  --conf spark.kubernetes.container.image=111111111111.dkr.ecr.us-west-2.amazonaws.com/spark:chained \
  --conf spark.kubernetes.driverEnv.AWS_DEFAULT_REGION=us-west-2 \
  --conf spark.kubernetes.driverEnv.AWS_REGION=us-west-2 \
  --conf spark.kubernetes.driverEnv.CLIENT_ROLE_ARN=arn:aws:iam::222222222222:role/client-role-2 \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_DELIVERY=endpoint \
  --conf spark.kubernetes.driverEnv.ROLE_CHAIN_ENTRYPOINT=/opt/entrypoint.sh \
  --conf spark.kubernetes.driverEnv.WEB_IDENTITY_ROLE_ARN=arn:aws:iam::111111111111:role/job-execution-role-1 \
  --conf spark.kubernetes.namespace=spark \
  s3a://jobs-111111111111/spark-and-boto3.py --lookup s3a://jobs-111111111111/regions/ --input s3a://data-222222222222/orders/ --on region --queue orders "$@"

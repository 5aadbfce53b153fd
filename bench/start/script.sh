#!/bin/bash
# An entrypoint that writes the profile which rolechain writes (a test compares the bytes) and does nothing else that
# rolechain does: it checks no setting, keeps nothing of a file that is there, and a crash can leave half of one.
set -eu
umask 077
mkdir -p ~/.aws
cat <<END > ~/.aws/config
[default]
role_arn = $CLIENT_ROLE_ARN
source_profile = job-execution-role
role_session_name = $HOSTNAME
duration_seconds = 3600
region = $AWS_REGION

[profile job-execution-role]
role_arn = $WEB_IDENTITY_ROLE_ARN
web_identity_token_file = $AWS_WEB_IDENTITY_TOKEN_FILE
role_session_name = $HOSTNAME
region = $AWS_REGION
END
export AWS_EC2_METADATA_DISABLED=true
exec "$@"

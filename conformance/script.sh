#!/bin/bash
# script.sh LAUNCHER ARGUMENT...
#
# An entrypoint that does for the SDKs what the script in AWS's EMR on EKS best practices guide does: a chained profile in
# config, the same in credentials with static keys of the first hop as its source, which a loop in the background keeps
# fresh, and AWS_ROLE_ARN set to a role that the token cannot have, so that web identity fails and SDKs go on to the
# profile. As there, the first error ends the loop for good, and the IRSA variables stay.
#
# Two things differ: the loop waits four fifths of the life that a session has, which AWS's writes as 48 minutes, and the
# job starts once the file is there, because a Spark job takes seconds until it asks and a probe does not.
set -e

base=job-execution-role
first_hop() {
	local answer
	answer=$("$SCRIPT_AWS" sts assume-role-with-web-identity --role-arn "$WEB_IDENTITY_ROLE_ARN" \
		--role-session-name "$HOSTNAME" --web-identity-token "$(cat "$AWS_WEB_IDENTITY_TOKEN_FILE")" \
		--query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken,Expiration]' --output text) || return
	read -r id secret token expiration <<<"$answer"
	cat >~/.aws/credentials <<-END
		[default]
		role_arn = $CLIENT_ROLE_ARN
		source_profile = $base
		role_session_name = $HOSTNAME

		[$base]
		aws_access_key_id = $id
		aws_secret_access_key = $secret
		aws_session_token = $token
	END
}

loop() {
	while first_hop; do
		: >"$TMPDIR/first"
		sleep $((($(date -d "$expiration" +%s) - $(date +%s)) * 4 / 5))
	done
}

mkdir -p ~/.aws
cat >~/.aws/config <<END
[default]
region = $AWS_REGION
role_arn = $CLIENT_ROLE_ARN
source_profile = $base
role_session_name = $HOSTNAME

[profile $base]
region = $AWS_REGION
role_arn = $WEB_IDENTITY_ROLE_ARN
web_identity_token_file = $AWS_WEB_IDENTITY_TOKEN_FILE
END

loop </dev/null >/dev/null &
echo $! >"$TMPDIR/refresh.pid"
until [ -e "$TMPDIR/first" ]; do
	kill -0 $! # the loop has ended: no job
	sleep 0.1
done
export AWS_ROLE_ARN=$CLIENT_ROLE_ARN
"$@"

#!/bin/bash
# The skeleton of AWS's custom-entrypoint.sh, in words of our own: what it does around the two files. "aws" is the test's.
set -ex

refresh() {
	while true; do
		keys=$(aws sts assume-role-with-web-identity --role-arn "$ROLE_1_ARN" --role-session-name webidentity-session \
			--web-identity-token "$(cat "$AWS_WEB_IDENTITY_TOKEN_FILE")" --output text)
		umask 077
		echo "aws_secret_access_key=$(echo $keys | awk '{print $2}')" >"$HOME/credentials"
		sleep 2880
	done
}

refresh &
daemon=$!
trap "kill $daemon 2>/dev/null" EXIT

"$ORIGINAL" "$@"

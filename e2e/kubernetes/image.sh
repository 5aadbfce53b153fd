#!/bin/sh
# image.sh DEBIAN SPARK OUT makes the root file system of the pods' image, OUT, a tar: what images/build/standin/Dockerfile
# makes of the tar DEBIAN for amd64, with the Spark that e2e/spark/install has installed in SPARK, which has S3A and boto3.
set -eu
standin=$(cd "$(dirname "$0")/../../images/build/standin" && pwd)
root=$3.root
rm -rf "$root" "$3"
mkdir "$root"
trap 'rm -rf "$root"' EXIT
tar --extract --file "$1" --directory "$root"

# The RUN of the stage "common".
run=$(sed -n '/^FROM debian AS common$/,/^$/p' "$standin/Dockerfile" | sed -n '/^RUN /,$p' | sed '1s/^RUN //')
[ -n "$run" ]
chroot "$root" /bin/sh -c "$run"
install -m 0755 "$standin/entrypoint.sh" "$standin/pub-terminate.sh" "$root/usr/bin/"
install -m 0644 "$standin/ship.rb" "$root/usr/lib/"

cp -a "$2/spark/." "$root/usr/lib/spark/"
rm -f "$root/usr/lib/spark/jars/rolechain-hadoop.jar"
packages=$(echo "$2"/venv/lib/python3*/site-packages)
for name in boto3 botocore s3transfer jmespath dateutil urllib3 six.py; do
	cp -a "$packages/$name" "$root/usr/lib/python3/dist-packages/"
done
find "$root/usr/lib/spark" "$root/usr/lib/python3/dist-packages" -name __pycache__ -prune -exec rm -r {} +
tar --create --file "$3.new" --directory "$root" .
mv "$3.new" "$3"

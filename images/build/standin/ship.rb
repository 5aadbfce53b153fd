# Stands in for EMR's log shipper, which is fluentd with the AWS SDK for Ruby: copies what the job has logged to the bucket
# "logs", as whoever the SDK's default chain finds.
require "aws-sdk-s3"

begin
  s3 = Aws::S3::Client.new
  Dir.chdir("/var/log/spark/user")
  Dir.glob("*/std{out,err}").each do |log|
    s3.put_object(bucket: "logs", key: log, body: File.binread(log))
  end
rescue StandardError => e
  abort "#{e.class}: #{e.message}"
end

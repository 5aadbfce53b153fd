# The AWS SDK for Ruby: one client.
require "aws-sdk-s3"
require "json"

s3 = nil
while $stdin.gets
  answer = { key: "*" }
  begin
    # Made at the first question, because making it resolves credentials already and may raise.
    s3 ||= Aws::S3::Client.new
    s3.list_buckets
  rescue StandardError => e
    answer[:error] = "#{e.class}: #{e.message}".split.join(" ")
  end
  $stdout.puts(answer.to_json)
  $stdout.flush
end
